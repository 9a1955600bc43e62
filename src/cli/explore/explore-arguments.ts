// The arguments of `quorate explore`: a preset, and what is to be different from it.

import { type Bounds, boundsOf, LIMITS, objectionTo, PRESETS } from '../../explore/index.ts'
import { wholeNumber } from '../numbers.ts'
import { type GivenOptions, type OptionTypes, readOptions } from '../options.ts'
import { UsageError } from '../usage.ts'

const GIB = 2 ** 30
const MAX_MEMORY_GB = 6
const MAX_MINUTES = 100_000
const MAX_STATES = 3_000_000_000

export interface ExploreArguments {
  readonly help: boolean
  readonly bounds: Bounds
  /** Distinct states after which it ends. */
  readonly maxStates: number | null
  /** For the table of states, in bytes. */
  readonly memory: number
  readonly minutes: number | null
  /** Where the frontier lies; null for a folder of its own. */
  readonly folder: string | null
  readonly json: boolean
  readonly symmetry: boolean
  readonly vanish: boolean
  readonly sleep: boolean
  /** Each step of the core is held against the second specification. */
  readonly spec: boolean
}

/** Options that are bounds, by the bound's name; others are written as they are. */
const SPELLINGS: { readonly [bound: string]: string } = { perPair: 'per-pair', stepDowns: 'step-downs' }

const FLAGS = [
  ...['help', 'json', 'unsynced', 'synced', 'pre-vote', 'no-pre-vote', 'noop', 'no-noop'],
  ...['no-symmetry', 'no-vanish', 'no-sleep', 'no-spec'],
]

const TEXTS = ['preset', 'max-states', 'memory', 'time', 'folder', ...Object.keys(LIMITS).map(spelled)]

const TYPES: OptionTypes = Object.fromEntries([
  ...FLAGS.map((name) => [name, 'boolean' as const] as const),
  ...TEXTS.map((name) => [name, 'string' as const] as const),
])

/** @throws UsageError */
export function readExploreArguments(args: readonly string[]): ExploreArguments {
  const given = readOptions('explore', args, TYPES)
  const [word] = given.words
  if (word !== undefined) throw new UsageError(`quorate explore ${word}: what to explore is said with options only`)
  const number = (name: string, max: number): number | null => {
    const text = given.text(name)
    return text === undefined ? null : wholeNumber(name, text, 1, max)
  }
  return {
    help: given.flag('help'),
    bounds: readBounds(given),
    maxStates: number('max-states', MAX_STATES),
    memory: (number('memory', MAX_MEMORY_GB) ?? 4) * GIB,
    minutes: number('time', MAX_MINUTES),
    folder: given.text('folder') ?? null,
    json: given.flag('json'),
    symmetry: !given.flag('no-symmetry'),
    vanish: !given.flag('no-vanish'),
    sleep: !given.flag('no-sleep'),
    spec: !given.flag('no-spec'),
  }
}

function readBounds(given: GivenOptions): Bounds {
  const preset = given.text('preset')
  const start = preset === undefined ? {} : PRESETS[preset]
  if (start === undefined)
    throw new UsageError(`--preset ${preset}: the presets are ${Object.keys(PRESETS).join(', ')}`)
  const numbers = Object.entries(LIMITS).flatMap(([name, [low, high]]) => {
    const text = given.text(spelled(name))
    return text === undefined ? [] : [[name, wholeNumber(spelled(name), text, low, high)] as const]
  })
  const switches = [
    ...switched(given, 'unsynced', 'unsynced', 'synced'),
    ...switched(given, 'preVote', 'pre-vote', 'no-pre-vote'),
    ...switched(given, 'noop', 'noop', 'no-noop'),
  ]
  const bounds = boundsOf({ ...start, ...Object.fromEntries(numbers), ...Object.fromEntries(switches) })
  const objection = objectionTo(bounds)
  if (objection !== null) throw new UsageError(`quorate explore: ${objection}`)
  return bounds
}

function switched(given: GivenOptions, bound: string, on: string, off: string): (readonly [string, boolean])[] {
  if (given.flag(on) && given.flag(off)) throw new UsageError(`--${on} and --${off}: choose one of them`)
  if (given.flag(on)) return [[bound, true]]
  return given.flag(off) ? [[bound, false]] : []
}

function spelled(bound: string): string {
  return SPELLINGS[bound] ?? bound
}
