// The arguments of `quorate check`.

import { readOptions } from '../options.ts'
import { UsageError } from '../usage.ts'

const DEFAULT_SECONDS = '60'
const MAX_SECONDS = 1_000_000

export interface CheckArguments {
  readonly help: boolean
  /** A file, or `-` for the standard input; empty when only help was asked for. */
  readonly history: string
  /** A built-in model's name, or a file; null to see by the history. */
  readonly model: string | null
  readonly timeLimitMs: number
  /** Where the picture goes; null for a place of our own. */
  readonly out: string | null
  readonly json: boolean
}

const TYPES = {
  help: 'boolean',
  model: 'string',
  'time-limit': 'string',
  out: 'string',
  json: 'boolean',
} as const

/** @throws UsageError */
export function readCheckArguments(args: readonly string[]): CheckArguments {
  const given = readOptions('check', args, TYPES)
  const help = given.flag('help')
  const [history = '', more] = given.words
  if (!help && history === '') throw new UsageError('quorate check: say which history, such as history.jsonl')
  if (more !== undefined) throw new UsageError(`quorate check: one history at a time, not also ${more}`)
  return {
    help,
    history,
    model: given.text('model') ?? null,
    timeLimitMs: readSeconds(given.text('time-limit') ?? DEFAULT_SECONDS) * 1000,
    out: given.text('out') ?? null,
    json: given.flag('json'),
  }
}

function readSeconds(text: string): number {
  const seconds = Number(text)
  if (text.trim() !== '' && seconds > 0 && seconds <= MAX_SECONDS) return seconds
  throw new UsageError(`--time-limit ${text}: it must be a number of seconds above 0, at most ${MAX_SECONDS}`)
}
