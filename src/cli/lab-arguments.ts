// The arguments of `quorate lab`.

import { randomInt } from 'node:crypto'
import type { Topic } from '../lab/event.ts'
import { wholeNumber } from './numbers.ts'
import { readOptions } from './options.ts'
import { readTopics } from './topics.ts'
import { UsageError } from './usage.ts'

const MAX_SEED = Number.MAX_SAFE_INTEGER
const MAX_RUNS = 1_000_000
const MAX_JOBS = 256

/** How each run is done, the same for all runs of one command. */
export interface RunSetting {
  readonly clock: 'virtual' | 'wall'
  readonly race: boolean
  /** The module under test as the user gave it; null is our own Raft. */
  readonly raft: string | null
}

export interface LabArguments extends RunSetting {
  readonly help: boolean
  readonly run: string
  readonly seed: number
  readonly runs: number
  readonly jobs: number
  readonly json: boolean
  readonly color: boolean
  /** The topics to show while a test runs; null for none. */
  readonly log: ReadonlySet<Topic> | null
  /** Where the page that shows the run is written; null for nowhere. */
  readonly trace: string | null
}

const TYPES = {
  help: 'boolean',
  run: 'string',
  seed: 'string',
  runs: 'string',
  jobs: 'string',
  clock: 'string',
  raft: 'string',
  race: 'boolean',
  log: 'string',
  trace: 'string',
  json: 'boolean',
  color: 'boolean',
} as const

/** @throws UsageError */
export function readLabArguments(args: readonly string[]): LabArguments {
  const given = readOptions('lab', joinLogTopics(args), TYPES)
  const [word] = given.words
  if (word !== undefined) throw new UsageError(`quorate lab ${word}: to choose tests, say --run ${word}`)
  const runs = wholeNumber('runs', given.text('runs') ?? '1', 1, MAX_RUNS)
  const log = given.text('log')
  const read: LabArguments = {
    help: given.flag('help'),
    run: given.text('run') ?? '',
    seed: readSeed(given.text('seed'), runs),
    runs,
    jobs: wholeNumber('jobs', given.text('jobs') ?? '1', 1, MAX_JOBS),
    clock: readClock(given.text('clock') ?? 'virtual'),
    raft: given.text('raft') ?? null,
    race: given.flag('race'),
    json: given.flag('json'),
    color: given.flag('color'),
    log: log === undefined ? null : readTopics('log', log),
    trace: given.text('trace') ?? null,
  }
  if (read.log !== null && read.json) throw new UsageError('--log and --json: choose one of them')
  if (read.log !== null && read.jobs > 1) throw new UsageError('--log shows one test at a time: leave out --jobs')
  if (read.trace !== null && runs > 1) throw new UsageError('--trace shows one run: leave out --runs')
  if (read.trace !== null && read.jobs > 1) throw new UsageError('--trace shows one run: leave out --jobs')
  return read
}

/** `--log` may stand alone, which no parser of options provides for. */
function joinLogTopics(args: readonly string[]): string[] {
  const joined: string[] = []
  for (let i = 0; i < args.length; i++) {
    const next = args[i + 1]
    if (args[i] !== '--log') joined.push(args[i] as string)
    else if (next === undefined || next.startsWith('-')) joined.push('--log=all')
    else joined.push(`--log=${args[++i]}`)
  }
  return joined
}

function readSeed(text: string | undefined, runs: number): number {
  return text === undefined ? randomInt(2 ** 31) : wholeNumber('seed', text, 0, MAX_SEED - runs)
}

function readClock(text: string): 'virtual' | 'wall' {
  if (text === 'virtual' || text === 'wall') return text
  throw new UsageError(`--clock ${text}: the clocks are virtual and wall`)
}
