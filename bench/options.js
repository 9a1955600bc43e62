// What the command line may say: each option with its default, how it is read, and a line of help.
import { tmpdir } from 'node:os'
import { parseArgs } from 'node:util'

/** A wrong call: one line, and exit status 2. */
export class UsageError extends Error {}

const list = (read) => (text, name) => text.split(',').map((item) => read(item, name))

function whole(text, name) {
  const value = Number(text)
  if (text.trim() === '' || !Number.isInteger(value) || value < 1)
    throw new UsageError(`${name} is '${text}': it must be a whole number above 0, such as 64 or 1e9`)
  return value
}

function count(text, name) {
  return text.trim() === '0' ? 0 : whole(text, name)
}

function positive(text, name) {
  const value = Number(text)
  if (text.trim() === '' || !Number.isFinite(value) || value <= 0)
    throw new UsageError(`${name} is '${text}': it must be a number above 0`)
  return value
}

function share(text, name) {
  const value = positive(text, name)
  if (value >= 1) throw new UsageError(`${name} is '${text}': it must be below 1, for the load has to be bearable`)
  return value
}

function peer(text, name) {
  const [, system, command] = /^([^=]+)=(.+)$/s.exec(text) ?? []
  if (command === undefined)
    throw new UsageError(`${name} is '${text}': it must be name=command, with {proposers}, {bytes} and {seconds} in it`)
  return { name: system, command }
}

/** Name to `[default, how to read it, help]`. Lists are separated by commas. */
const VALUES = {
  proposers: [null, list(whole), 'how many propose at once, or read; by default 1,8,64,512,4096'],
  sizes: [null, list(whole), 'bytes of a command; by default 16,256,4096,65536'],
  seconds: ['2', positive, 'one turn of one system'],
  turns: ['3', whole, 'turns of replication and log append, of which the median is given'],
  'peer-turns': ['2', whole, 'the same for peers'],
  'warm-up-seconds': ['1', positive, 'load that does not count, before the first turn'],
  'steady-seconds': ['10', positive, 'how long commands flow undisturbed, and how long a follower is away'],
  'load-share': ['0.5', share, 'steady load, as a share of what the cluster can take'],
  rounds: ['50', count, 'fail-over: how often the leader is killed'],
  'stop-rounds': ['20', count, 'fail-over: how often it is stopped in its tracks'],
  groups: ['1000', whole, 'groups: how many each host has'],
  'snapshot-bytes': ['1e9', whole, 'catch-up: the state that a new server is brought'],
  'snapshot-rate': [null, whole, 'catch-up: the most bytes a second that a snapshot is sent with; by default no bound'],
  'log-bytes': ['1e9', whole, 'recovery: the log that is opened again'],
  'segment-bytes': ['67108864', whole, 'the first segment of each log, as of one that has been in use for a while'],
  'history-scale': ['1', positive, 'check: histories of so many times the operations'],
  directory: [tmpdir(), (text) => text, 'where the data lie: on the disk that is to be measured'],
}

const SWITCHES = {
  all: 'all scenarios, about ten minutes',
  preallocated: 'the ceiling writes a file that has its size beforehand',
  json: 'a JSON object for each result, one a line',
  help: 'this',
}

/** @returns what the scenarios read, and which they are; null when help was asked for. @throws UsageError */
export function readOptions(args, scenarios) {
  const given = parse(args)
  if (given.help) return null
  const read = Object.entries(VALUES).map(([name, [usual, reader]]) => {
    const text = given[name] ?? usual
    return [camel(name), text === null ? null : reader(text, `--${name}`)]
  })
  if (given.only !== undefined && given.all)
    throw new UsageError('--only and --all contradict each other: leave one out')
  const { all, preallocated = false, json = false, svg = null } = given
  const names = all ? scenarios : (given.only ?? 'replication').split(',')
  const stranger = names.find((name) => !scenarios.includes(name))
  if (stranger !== undefined)
    throw new UsageError(`there is no scenario '${stranger}': choose among ${scenarios.join(', ')}`)
  const peers = (given.peer ?? []).map((text) => peer(text, '--peer'))
  return { ...Object.fromEntries(read), preallocated, json, svg, names, peers }
}

function parse(args) {
  const values = Object.fromEntries(Object.keys(VALUES).map((name) => [name, { type: 'string' }]))
  const switches = Object.fromEntries(Object.keys(SWITCHES).map((name) => [name, { type: 'boolean' }]))
  const others = { only: { type: 'string' }, svg: { type: 'string' }, peer: { type: 'string', multiple: true } }
  try {
    return parseArgs({ args, options: { ...values, ...switches, ...others } }).values
  } catch (error) {
    // Node's own words go on with advice about `--`, which helps nobody here.
    throw new UsageError(`${error.message.split(/\.\s|\.$|\n/)[0]}: --help lists what there is`)
  }
}

function camel(name) {
  return name.replaceAll(/-(.)/g, (_, letter) => letter.toUpperCase())
}

export function usage(scenarios) {
  const lines = [
    ['--only LIST', `of ${scenarios.join(', ')}; by default replication`],
    ...Object.entries(VALUES).map(([name, [usual, , help]]) => [
      `--${name}`,
      usual === null ? help : `${help} (${usual})`,
    ]),
    [
      '--peer NAME=COMMAND',
      'another system, more than once; {proposers}, {bytes} and {seconds} are filled in, and its',
    ],
    ['', 'last line must be {"opsPerSecond":…,"p50Ms":…,"p99Ms":…}'],
    ['--svg FILE', 'charts of what was measured'],
    ...Object.entries(SWITCHES).map(([name, help]) => [`--${name}`, help]),
  ]
  return `npm run bench -- [options]\n\n${lines.map(([name, help]) => `  ${name.padEnd(20)}  ${help}`).join('\n')}`
}
