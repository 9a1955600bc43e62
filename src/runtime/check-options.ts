/**
 * Options as a user says them, looked at before anything is opened: each value by itself, then those that must agree.
 * Every refusal names the option, shows the value, and says what to change. Types would find much of it, but not all who
 * start a node have a compiler, and none has one for a value from a configuration file.
 */
import { OptionsError } from '../raft/errors.ts'
import { type RaftOptions, resolveOptions } from '../raft/options.ts'
import { requireFittingMessages } from './requests/message-limits.ts'

/** @returns what is wrong with a value, to be put behind "name is value: "; null when nothing is */
export type Check = (value: unknown) => string | null

/** One for every option there is, so that a new one cannot be forgotten, and a name that is not here is a typing error. */
export type Checks<T> = { readonly [Name in keyof Required<T>]: Check }

/** @throws OptionsError for the first option that is unknown or wrong; one that is left out, or undefined, is not looked at */
export function checkEach<T>(options: unknown, checks: Checks<T>, prefix = ''): void {
  if (!isRecord(options)) throw new OptionsError(`${prefix || 'the options'} must be an object, not ${show(options)}`)
  const names = Object.keys(checks)
  for (const [name, value] of Object.entries(options)) {
    const check = names.includes(name) ? checks[name as keyof T] : undefined
    if (check === undefined) throw new OptionsError(`there is no option ${join(prefix, name)}${suggest(name, names)}`)
    // `logger: isVerbose ? console : undefined` means no logger.
    const objection = value === undefined ? null : check(value)
    if (objection !== null) throw new OptionsError(`${join(prefix, name)} is ${show(value)}: ${objection}`)
  }
}

/** @throws OptionsError when one of them is not there */
export function requireAll(options: { readonly [name: string]: unknown }, names: readonly string[]): void {
  const missing = names.filter((name) => options[name] === undefined)
  if (missing.length > 0) throw new OptionsError(`${missing.join(' and ')} must be given`)
}

/** Only their names: the core knows the rest. */
const RAFT_CHECKS: Checks<object> = Object.fromEntries(
  Object.keys(resolveOptions({ id: 'a' })).flatMap((name) => (name === 'id' ? [] : [[name, () => null]])),
)

/** Looks for an option of the core's that there is not. @throws OptionsError */
export function checkRaftNames(raft: Partial<RaftOptions>): void {
  checkEach(raft, RAFT_CHECKS, 'raft')
}

const NAME = /^[A-Za-z0-9._-]{1,64}$/

/** For ids and cluster names: they end up in certificates, files, addresses and metrics. */
export const isName: Check = (value) =>
  typeof value === 'string' && NAME.test(value) ? null : 'use 1 to 64 letters, digits, dots, dashes and underscores'

export const isText: Check = (value) => (typeof value === 'string' && value !== '' ? null : 'it must be a text')

export const isBoolean: Check = (value) => (typeof value === 'boolean' ? null : 'it must be true or false')

/** In milliseconds; a fraction is as good. */
export const isDuration: Check = (value) =>
  typeof value === 'number' && value > 0 && Number.isFinite(value)
    ? null
    : 'it must be a number of milliseconds above 0'

export const isSize: Check = (value) =>
  typeof value === 'number' && value > 0 && Number.isSafeInteger(value) ? null : 'it must be a whole number above 0'

const ADDRESS = /^(?:\[[0-9A-Fa-f:.%]+\]|[^:[\]\s/]+):(\d{1,5})$/

export const isAddress: Check = (value) => {
  const port = typeof value === 'string' ? ADDRESS.exec(value)?.[1] : undefined
  return port !== undefined && Number(port) <= 65_535 ? null : 'give host:port, or [ipv6]:port'
}

/** An object with these methods. */
export function hasMethods(...names: readonly string[]): Check {
  return (value) => {
    const methods = value as { readonly [name: string]: unknown } | null
    if (typeof value !== 'object' || methods === null) return `it must be an object with ${names.join(', ')}`
    const missing = names.filter((name) => typeof methods[name] !== 'function')
    return missing.length === 0 ? null : `it has no method ${missing.join(', ')}`
  }
}

/** Ids with their addresses: no two the same, or one server would be taken for another. */
export const areMembers: Check = (value) => {
  if (!isRecord(value)) return "it must be an object such as { a: '10.0.0.1:7001' }"
  const members = Object.entries(value)
  if (members.length === 0) return 'name at least one server'
  const taken = new Map<unknown, string>()
  for (const [id, address] of members) {
    const objection = isName(id) ?? isAddress(address)
    if (objection !== null) return `member ${show(id)} at ${show(address)}: ${objection}`
    const other = taken.get(address)
    if (other !== undefined) return `${other} and ${id} have the same address, ${address}: each server needs its own`
    taken.set(address, id)
  }
  const [id] = members.find(([, address]) => members.length > 1 && /:0+$/.test(String(address))) ?? []
  return id === undefined ? null : `${id} listens on port 0, where the others would not find it: name a port`
}

/** True, false, or what kind of member it is to become. */
export const isJoin: Check = (value) => {
  if (typeof value === 'boolean') return null
  const isPlan = isRecord(value) && typeof value['promote'] === 'boolean' && Object.keys(value).length === 1
  return isPlan ? null : 'it must be true, false, or { promote: false } for a server that stays a learner'
}

/** What a node itself is told, with what the core makes of its own part. */
interface NodeLimits {
  readonly snapshotEveryBytes?: number
  readonly requestTimeoutMs?: number
  readonly maxQueuedBytes?: number
  readonly maxMessageBytes?: number
  readonly diskStallMs?: number
  readonly slowPeerMs?: number
}

/** @throws OptionsError for values that are out of range, or that contradict each other */
export function checkLimits(options: NodeLimits, raft: RaftOptions, maxMessageBytes: number): void {
  for (const name of ['requestTimeoutMs', 'diskStallMs', 'slowPeerMs'] as const) requireGood(options, name, isDuration)
  for (const name of ['snapshotEveryBytes', 'maxQueuedBytes', 'maxMessageBytes'] as const) {
    requireGood(options, name, isSize)
  }
  requireFittingMessages(raft, maxMessageBytes)
  const { requestTimeoutMs, maxQueuedBytes, diskStallMs, slowPeerMs } = options
  const { electionTimeoutMinMs, electionTimeoutMaxMs, heartbeatIntervalMs, maxEntryBytes } = raft
  if (requestTimeoutMs !== undefined && requestTimeoutMs < electionTimeoutMaxMs) {
    throw new OptionsError(
      `requestTimeoutMs ${requestTimeoutMs} is below electionTimeoutMaxMs ${electionTimeoutMaxMs}: requests would fail ` +
        'whenever a leader is replaced; raise it, and give those that cannot wait a timeoutMs of their own',
    )
  }
  if (maxQueuedBytes !== undefined && maxQueuedBytes < maxEntryBytes) {
    throw new OptionsError(
      `maxQueuedBytes ${maxQueuedBytes} is below maxEntryBytes ${maxEntryBytes}: the largest allowed command would always ` +
        'be refused; raise it, or lower raft.maxEntryBytes',
    )
  }
  if (diskStallMs !== undefined && diskStallMs < electionTimeoutMinMs) {
    throw new OptionsError(
      `diskStallMs ${diskStallMs} is below electionTimeoutMinMs ${electionTimeoutMinMs}: leaders would give up their ` +
        'office for an ordinary slow sync; raise it',
    )
  }
  if (slowPeerMs !== undefined && slowPeerMs < 2 * heartbeatIntervalMs) {
    throw new OptionsError(
      `slowPeerMs ${slowPeerMs} is below two heartbeats of ${heartbeatIntervalMs} ms: every follower would count as slow; ` +
        'raise it',
    )
  }
}

function requireGood(options: NodeLimits, name: keyof NodeLimits, check: Check): void {
  const value = options[name]
  const objection = value === undefined ? null : check(value)
  if (objection !== null) throw new OptionsError(`${name} is ${show(value)}: ${objection}`)
}

function isRecord(value: unknown): value is { readonly [name: string]: unknown } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function join(prefix: string, name: string): string {
  return prefix === '' ? name : `${prefix}.${name}`
}

function show(value: unknown): string {
  if (typeof value === 'string') return `'${value}'`
  return isRecord(value) ? 'an object' : String(value)
}

/** The name that was probably meant, if there is one. */
function suggest(name: string, names: readonly string[]): string {
  const near = names.find((one) => isNear(one.toLowerCase(), name.toLowerCase()))
  return near === undefined ? `: there are ${names.join(', ')}` : `: did you mean ${near}?`
}

/** Whether one change of up to two characters in one place makes the same of both, or one is a part of the other. */
function isNear(one: string, other: string): boolean {
  if (one.includes(other) || other.includes(one)) return true
  let start = 0
  while (start < one.length && one[start] === other[start]) start++
  let end = 0
  while (end < Math.min(one.length, other.length) - start && one.at(-1 - end) === other.at(-1 - end)) end++
  return Math.max(one.length, other.length) - start - end <= 2
}
