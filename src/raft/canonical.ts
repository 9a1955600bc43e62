/**
 * The whole protocol state of a server as one flat, canonical array of integers, and back: what an explorer hashes and
 * branches from, what a trace records, what the browser rewinds to. Equal states give equal arrays.
 *
 * Times are written relative to `now`, rounded to milliseconds, so that two moments which differ only in the clock's
 * reading are the same state. What waits to be carried out (a Ready that was not taken) is not part of it: take it first.
 */
import { assert } from '../util/assert.ts'
import { utf8Decode, utf8Encode } from '../util/bytes.ts'
import { Random } from '../util/random.ts'
import { decodeConfiguration, encodeConfiguration } from './configuration.ts'
import { decodeEntry, type Entry, type ServerId } from './entry.ts'
import type { RaftOptions } from './options.ts'
import { Progress, type ProgressState } from './progress.ts'
import type { BootState, Role } from './ready.ts'
import { RaftState } from './state.ts'

const ROLES: readonly Role[] = ['follower', 'preCandidate', 'candidate', 'leader']
const PROGRESS_STATES: readonly ProgressState[] = ['probe', 'replicate', 'snapshot']
/** Stands for "never": −∞, +∞ and null. */
const NEVER = -(2 ** 50)

/** @throws InvariantError when a Ready is waiting to be taken, or entries are on the disk only */
export function exportState(state: Readonly<RaftState>): number[] {
  assert(state.outbox.isEmpty && !state.durability.isDirty, `${state.id}: take the Ready before exporting the state`)
  const out: number[] = []
  writeText(out, state.id)
  out.push(state.currentTerm)
  writeText(out, state.votedFor ?? '')
  writeLog(out, state)
  out.push(ROLES.indexOf(state.role), state.commitIndex, state.lastApplied, state.applyingTo, state.restoring ? 1 : 0)
  writeText(out, state.leaderId ?? '')
  for (const time of [state.electionDeadline, state.leaderHeardAt, state.commitPushAt]) writeTime(out, state, time)
  const claims = state.durability.exportClaims()
  out.push(claims.length, ...claims, state.ownVoteSeq, state.campaignIsTransfer ? 1 : 0)
  out.push(state.termStartIndex, state.uncommittedBytes, state.readRound, state.nextSession, state.nextFetchId)
  out.push(state.applyFetchId, state.nextRequestId)
  writeVotes(out, state)
  writeProgress(out, state)
  writeReads(out, state)
  writeLease(out, state)
  writeTransfer(out, state)
  writeRest(out, state)
  out.push(...state.random.save())
  return out
}

/** The server that `exportState` wrote, at the time `now`. */
export function importState(options: RaftOptions, numbers: readonly number[], now: number): RaftState {
  const input = new NumberReader(numbers)
  const id = input.text()
  assert(id === options.id, `the state of ${id} cannot be given to ${options.id}`)
  const currentTerm = input.next()
  const votedFor = input.text() || null
  const boot = readBoot(input, { term: currentTerm, votedFor })
  const state = new RaftState(options, boot, new Random(0), now)
  state.log.durableIndex = boot.durableIndex
  state.configurations.importList(boot.configurations)
  readVolatile(input, state)
  assert(input.isAtEnd, `the state of ${id} has numbers left over`)
  return state
}

function writeLog(out: number[], { log, snapshot, configurations }: Readonly<RaftState>): void {
  assert(log.isInMemory(log.baseIndex + 1), 'the log has entries that are on the disk only')
  out.push(log.baseIndex, log.baseTerm, log.durableIndex, snapshot.index, snapshot.term)
  writeBytes(out, encodeConfiguration(snapshot.configuration))
  const history = configurations.list()
  out.push(history.length)
  for (const { index, configuration } of history) {
    out.push(index)
    writeBytes(out, encodeConfiguration(configuration))
  }
  out.push(log.lastIndex - log.baseIndex)
  for (let index = log.baseIndex + 1; index <= log.lastIndex; index++) {
    writeBytes(out, (log.entryAt(index) as Entry).bytes)
  }
}

function readBoot(
  input: NumberReader,
  hardState: BootState['hardState'],
): BootState & { readonly durableIndex: number } {
  const base = { index: input.next(), term: input.next() }
  const durableIndex = input.next()
  const place = { index: input.next(), term: input.next() }
  const snapshot = { ...place, configuration: readConfiguration(input) }
  const history = input.list(() => ({ index: input.next(), configuration: readConfiguration(input) }))
  const tail = input.list(() => readEntry(input))
  const terms = tail.map(({ index, term }) => ({ index, term }))
  const lastIndex = base.index + tail.length
  return { hardState, snapshot, base, lastIndex, terms, configurations: history, tail, durableIndex }
}

function readVolatile(input: NumberReader, state: RaftState): void {
  state.role = ROLES[input.next()] as Role
  state.commitIndex = input.next()
  state.lastApplied = input.next()
  state.applyingTo = input.next()
  state.restoring = input.next() === 1
  state.leaderId = input.text() || null
  state.electionDeadline = readTime(input, state) ?? Number.POSITIVE_INFINITY
  state.leaderHeardAt = readTime(input, state) ?? Number.NEGATIVE_INFINITY
  state.commitPushAt = readTime(input, state)
  state.durability.importClaims(input.list(() => input.next()))
  state.ownVoteSeq = input.next()
  state.campaignIsTransfer = input.next() === 1
  state.termStartIndex = input.next()
  state.uncommittedBytes = input.next()
  state.readRound = input.next()
  state.nextSession = input.next()
  state.nextFetchId = input.next()
  state.applyFetchId = input.next()
  state.nextRequestId = input.next()
  state.votes = new Map(input.list(() => [input.text(), input.next() === 1] as const))
  state.progress = new Map(input.list(() => readProgress(input, state)))
  readReads(input, state)
  readLease(input, state)
  readTransfer(input, state)
  readRest(input, state)
  state.random.restore([input.next(), input.next(), input.next(), input.next()])
}

function writeVotes(out: number[], { votes }: Readonly<RaftState>): void {
  const sorted = [...votes].sort(([a], [b]) => (a < b ? -1 : 1))
  out.push(sorted.length)
  for (const [id, granted] of sorted) {
    writeText(out, id)
    out.push(granted ? 1 : 0)
  }
}

function writeProgress(out: number[], state: Readonly<RaftState>): void {
  const sorted = [...state.progress.values()].sort((a, b) => (a.id < b.id ? -1 : 1))
  out.push(sorted.length)
  for (const peer of sorted) {
    writeText(out, peer.id)
    out.push(peer.session, peer.nextIndex, PROGRESS_STATES.indexOf(peer.state), peer.matchIndex, peer.probeSent ? 1 : 0)
    out.push(peer.snapshotIndex, peer.commitSent, peer.readRound, peer.readRoundSent, peer.fetchId)
    out.push(peer.roundEnd, Number.isFinite(peer.lastRoundMs) ? Math.round(peer.lastRoundMs) : NEVER)
    const { snapshotRetryAt, lastSentAt, lastHeardAt, roundStartedAt, departsAt } = peer
    for (const time of [snapshotRetryAt, lastSentAt, lastHeardAt, roundStartedAt, departsAt])
      writeTime(out, state, time)
    const flights = peer.exportFlights()
    out.push(flights.length, ...flights)
  }
}

function readProgress(input: NumberReader, state: RaftState): readonly [ServerId, Progress] {
  const id = input.text()
  const peer = new Progress(id, input.next(), input.next(), state.now)
  peer.state = PROGRESS_STATES[input.next()] as ProgressState
  peer.matchIndex = input.next()
  peer.probeSent = input.next() === 1
  peer.snapshotIndex = input.next()
  peer.commitSent = input.next()
  peer.readRound = input.next()
  peer.readRoundSent = input.next()
  peer.fetchId = input.next()
  peer.roundEnd = input.next()
  const lastRoundMs = input.next()
  peer.lastRoundMs = lastRoundMs === NEVER ? Number.POSITIVE_INFINITY : lastRoundMs
  peer.snapshotRetryAt = readTime(input, state) ?? 0
  peer.lastSentAt = readTime(input, state) ?? 0
  peer.lastHeardAt = readTime(input, state) ?? 0
  peer.roundStartedAt = readTime(input, state) ?? 0
  peer.departsAt = readTime(input, state)
  peer.importFlights(input.list(() => input.next()))
  return [id, peer]
}

function writeReads(out: number[], state: Readonly<RaftState>): void {
  out.push(state.pendingReads.length)
  for (const { token, from, requestId, index, round } of state.pendingReads) {
    out.push(token ?? NEVER, requestId, index ?? NEVER, round)
    writeText(out, from ?? '')
  }
  out.push(state.forwardedReads.size)
  for (const [requestId, { token, expiresAt }] of state.forwardedReads) {
    out.push(requestId, token)
    writeTime(out, state, expiresAt)
  }
}

function writeLease(out: number[], state: Readonly<RaftState>): void {
  out.push(state.leaseIsVoid ? 1 : 0, state.leaseRounds.length)
  for (const { round, startedAt } of state.leaseRounds) {
    out.push(round)
    writeTime(out, state, startedAt)
  }
  writeTime(out, state, state.leaseUntil)
  writeTime(out, state, state.noVoteBefore)
}

function readLease(input: NumberReader, state: RaftState): void {
  state.leaseIsVoid = input.next() === 1
  state.leaseRounds = input.list(() => ({ round: input.next(), startedAt: readTime(input, state) ?? 0 }))
  state.leaseUntil = readTime(input, state) ?? Number.NEGATIVE_INFINITY
  state.noVoteBefore = readTime(input, state) ?? Number.NEGATIVE_INFINITY
}

function readReads(input: NumberReader, state: RaftState): void {
  const orNull = (value: number): number | null => (value === NEVER ? null : value)
  state.pendingReads = input.list(() => {
    const token = orNull(input.next())
    const requestId = input.next()
    const index = orNull(input.next())
    const round = input.next()
    return { token, requestId, index, round, from: input.text() || null }
  })
  const forwarded = input.list(() => {
    const requestId = input.next()
    return [requestId, { token: input.next(), expiresAt: readTime(input, state) ?? 0 }] as const
  })
  state.forwardedReads = new Map(forwarded)
}

function writeTransfer(out: number[], state: Readonly<RaftState>): void {
  const { transfer } = state
  writeText(out, transfer?.to ?? '')
  writeTime(out, state, transfer?.deadline ?? null)
  out.push(transfer?.timeoutNowSent ? 1 : 0)
}

function readTransfer(input: NumberReader, state: RaftState): void {
  const to = input.text()
  const deadline = readTime(input, state)
  const timeoutNowSent = input.next() === 1
  state.transfer = to === '' || deadline === null ? null : { to, deadline, timeoutNowSent }
}

function writeRest(out: number[], state: Readonly<RaftState>): void {
  const { rest, leaderRestsUntil, quietSince, wokenAt } = state
  out.push(rest?.round ?? NEVER)
  for (const time of [rest?.renewAt ?? null, leaderRestsUntil, quietSince, wokenAt]) writeTime(out, state, time)
  const connected = [...state.connected].sort()
  out.push(connected.length)
  for (const id of connected) writeText(out, id)
}

function readRest(input: NumberReader, state: RaftState): void {
  const round = input.next()
  const renewAt = readTime(input, state)
  state.rest = renewAt === null ? null : { round, renewAt }
  state.leaderRestsUntil = readTime(input, state) ?? Number.NEGATIVE_INFINITY
  state.quietSince = readTime(input, state) ?? Number.NEGATIVE_INFINITY
  state.wokenAt = readTime(input, state) ?? Number.NEGATIVE_INFINITY
  state.connected = new Set(input.list(() => input.text()))
}

// ── Numbers ─────────────────────────────────────────────────────────────────────────────────────────────────────────

function writeTime(out: number[], { now }: Readonly<RaftState>, time: number | null): void {
  out.push(time === null || !Number.isFinite(time) ? NEVER : Math.round(time - now))
}

function readTime(input: NumberReader, { now }: RaftState): number | null {
  const delta = input.next()
  return delta === NEVER ? null : now + delta
}

function writeText(out: number[], text: string): void {
  writeBytes(out, utf8Encode(text))
}

/** The length, then four bytes a number. */
function writeBytes(out: number[], bytes: Uint8Array): void {
  out.push(bytes.length)
  for (let i = 0; i < bytes.length; i += 4) {
    const word = byteAt(bytes, i) | (byteAt(bytes, i + 1) << 8) | (byteAt(bytes, i + 2) << 16)
    out.push((word | (byteAt(bytes, i + 3) << 24)) >>> 0)
  }
}

function byteAt(bytes: Uint8Array, offset: number): number {
  return bytes[offset] ?? 0
}

function readConfiguration(input: NumberReader): BootState['snapshot']['configuration'] {
  const configuration = decodeConfiguration(input.bytes())
  assert(configuration !== null, 'the exported state holds a configuration that cannot be read')
  return configuration
}

function readEntry(input: NumberReader): Entry {
  const entry = decodeEntry(input.bytes(), 0)
  assert(typeof entry !== 'string', `the exported state holds a damaged entry: ${String(entry)}`)
  return entry
}

class NumberReader {
  private readonly numbers: readonly number[]
  private place = 0

  constructor(numbers: readonly number[]) {
    this.numbers = numbers
  }

  get isAtEnd(): boolean {
    return this.place === this.numbers.length
  }

  next(): number {
    const value = this.numbers[this.place++]
    assert(value !== undefined, 'the exported state ends early')
    return value
  }

  list<T>(readItem: () => T): T[] {
    const count = this.next()
    const items: T[] = []
    for (let i = 0; i < count; i++) items.push(readItem())
    return items
  }

  bytes(): Uint8Array {
    const bytes = new Uint8Array(this.next())
    for (let i = 0; i < bytes.length; i += 4) {
      const word = this.next()
      for (let k = 0; k < 4 && i + k < bytes.length; k++) bytes[i + k] = word >>> (8 * k)
    }
    return bytes
  }

  text(): string {
    return utf8Decode(this.bytes()) ?? ''
  }
}
