// The arguments of `quorate sim`.

import { availableParallelism } from 'node:os'
import { wholeNumber } from '../numbers.ts'
import { type OptionTypes, readOptions } from '../options.ts'
import { UsageError } from '../usage.ts'

const MAX_SEED = Number.MAX_SAFE_INTEGER
const MAX_SEEDS = 100_000_000
const MAX_MINUTES = 100_000
const MAX_JOBS = 256
const DEFAULT_SEEDS = 100

export interface SimArguments {
  readonly help: boolean
  /** The first seed; null: a random one. */
  readonly seed: number | null
  /** How many runs; Infinity when only time limits them. */
  readonly seeds: number
  readonly minutes: number | null
  readonly jobs: number
  /** A file with a plan, which is carried out instead of what a seed draws. */
  readonly plan: string | null
  /** Where to write the picture of the one run. */
  readonly trace: string | null
  /** Where a state machine of the user's is, with what clients do. */
  readonly workload: string | null
  readonly shrinks: boolean
  readonly guided: boolean
  readonly json: boolean
  /** Print the plan, and do not carry it out. */
  readonly showsPlan: boolean
}

const TYPES: OptionTypes = {
  help: 'boolean',
  seed: 'string',
  seeds: 'string',
  minutes: 'string',
  jobs: 'string',
  plan: 'string',
  trace: 'string',
  workload: 'string',
  'no-shrink': 'boolean',
  'no-guide': 'boolean',
  'show-plan': 'boolean',
  json: 'boolean',
}

/** @throws UsageError */
export function readSimArguments(args: readonly string[]): SimArguments {
  const given = readOptions('sim', args, TYPES)
  const [word] = given.words
  if (word !== undefined) throw new UsageError(`quorate sim ${word}: what to run is said with options only`)
  const number = (name: string, min: number, max: number): number | null => {
    const text = given.text(name)
    return text === undefined ? null : wholeNumber(name, text, min, max)
  }
  const text = (name: string): string | null => given.text(name) ?? null
  const seed = number('seed', 0, MAX_SEED)
  const seeds = number('seeds', 1, MAX_SEEDS)
  const minutes = number('minutes', 1, MAX_MINUTES)
  const [plan, trace] = [text('plan'), text('trace')]
  const isOne = plan !== null || (seed !== null && seeds === null && minutes === null)
  if (plan !== null && (seed !== null || seeds !== null || minutes !== null))
    throw new UsageError('--plan has its seed in it: leave --seed, --seeds and --minutes away')
  const wantsOne = trace !== null ? '--trace' : given.flag('show-plan') ? '--show-plan' : null
  if (wantsOne !== null && !isOne)
    throw new UsageError(`${wantsOne} is for one run: say which with --seed N or --plan FILE`)
  return {
    help: given.flag('help'),
    seed,
    seeds: isOne ? 1 : (seeds ?? (minutes === null ? DEFAULT_SEEDS : Number.POSITIVE_INFINITY)),
    minutes,
    jobs: number('jobs', 1, MAX_JOBS) ?? availableParallelism(),
    plan,
    trace,
    workload: text('workload'),
    shrinks: !given.flag('no-shrink'),
    guided: !given.flag('no-guide'),
    json: given.flag('json'),
    showsPlan: given.flag('show-plan'),
  }
}
