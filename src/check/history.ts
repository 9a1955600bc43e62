// A history as it is written down: one event a line, in real-time order. An operation is an invocation and, later, its
// completion. The format is Jepsen's, in JSON; docs/formats/history.md describes it.

import { HistoryError } from './errors.ts'
import { shortJson } from './json.ts'

/**
 * `ok`: it happened. `fail`: it certainly did not. `info`: nobody knows, as after a time-out.
 */
export type Completion = 'ok' | 'fail' | 'info'

/** One line of a history. */
export interface HistoryEvent {
  /** Who did it: a client that does one thing after the other. */
  readonly process: number | string
  readonly type: 'invoke' | Completion
  /** What it does: `read`, `put` and so on; what there is, the model says. */
  readonly f: string
  /** Absent where the model knows no keys. */
  readonly key?: unknown
  /** At the invocation what was asked for, at the completion what was answered. */
  readonly value?: unknown
}

const TYPES: ReadonlySet<unknown> = new Set(['invoke', 'ok', 'fail', 'info'])

/**
 * One line of a file.
 *
 * @param line its number, from 1, for what the error says
 * @returns null for a line of blanks
 * @throws HistoryError when it is no event
 */
export function parseEvent(text: string, line: number): HistoryEvent | null {
  if (text.trim() === '') return null
  const event = parseJson(text, line)
  const complaint = complaintOf(event)
  if (complaint !== null) throw new HistoryError(`line ${line}: ${complaint}`)
  return event as HistoryEvent
}

function parseJson(text: string, line: number): unknown {
  try {
    return JSON.parse(text)
  } catch {
    const start = text.length <= 60 ? text : `${text.slice(0, 59)}…`
    throw new HistoryError(`line ${line}: this is no JSON: ${start}`)
  }
}

function complaintOf(event: unknown): string | null {
  if (typeof event !== 'object' || event === null || Array.isArray(event)) {
    return `an event is an object such as {"process":0,"type":"invoke","f":"read"}, not ${shortJson(event, 40)}`
  }
  const { process: client, type, f } = event as { readonly [field: string]: unknown }
  if (typeof client !== 'number' && typeof client !== 'string') {
    return `process is ${shortJson(client, 40)}: it must be a number or a string`
  }
  if (!TYPES.has(type)) return `type is ${shortJson(type, 40)}: it must be "invoke", "ok", "fail" or "info"`
  return typeof f === 'string' ? null : `f is ${shortJson(f, 40)}: it must be a string, such as "read"`
}
