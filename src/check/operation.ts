// Operations from events: each invocation with its completion. What certainly failed is left out, for it says nothing;
// what nobody knows the outcome of stays, for it may take effect at any time after its invocation, or never.

import { HistoryError } from './errors.ts'
import type { HistoryEvent } from './history.ts'
import { sameJson, shortJson } from './json.ts'

/** What one client asked for and what came of it. */
export interface Operation {
  readonly process: number | string
  /** What it does: `read`, `put` and so on. */
  readonly f: string
  readonly key?: unknown
  /** What was asked for: what a write writes. */
  readonly value?: unknown
  /** What was answered: what a read has read. */
  readonly result?: unknown
  /** When, in any unit; of a history in a file, the number of the line. */
  readonly invoked: number
  /** When it was answered; null when the outcome is unknown. At equal times nothing has come before anything. */
  readonly completed: number | null
}

interface Open {
  readonly event: HistoryEvent
  readonly at: number
}

/** Takes events in their order. A process does one thing after the other; after an unknown outcome it may go on. */
export class Pairing {
  private readonly open = new Map<number | string, Open>()
  private readonly operations: Operation[] = []

  /**
   * @param at the line, or whatever else counts up
   * @throws HistoryError when the event cannot follow what was before it
   */
  add(event: HistoryEvent, at: number): void {
    const open = this.open.get(event.process)
    if (event.type === 'invoke') {
      if (open !== undefined) throw new HistoryError(stillOpen(event, at, open))
      this.open.set(event.process, { event, at })
      return
    }
    if (open === undefined) throw new HistoryError(notAsked(event, at))
    const complaint = complaintOf(event, open.event)
    if (complaint !== null) throw new HistoryError(`line ${at}: ${complaint} (invoked on line ${open.at})`)
    this.open.delete(event.process)
    if (event.type === 'ok') this.operations.push(operationOf(open, at, event.value))
    else if (event.type === 'info') this.operations.push(operationOf(open, null, undefined))
  }

  /** All operations, in the order of their invocations; those still open have an unknown outcome. */
  finish(): Operation[] {
    for (const open of this.open.values()) this.operations.push(operationOf(open, null, undefined))
    this.open.clear()
    return this.operations.sort((a, b) => a.invoked - b.invoked)
  }
}

/**
 * The operations of a history, times being positions, from 1.
 *
 * @throws HistoryError when an event cannot follow those before it
 */
export function operationsOf(events: Iterable<HistoryEvent>): Operation[] {
  const pairing = new Pairing()
  let at = 0
  for (const event of events) pairing.add(event, ++at)
  return pairing.finish()
}

function operationOf({ event, at }: Open, completed: number | null, result: unknown): Operation {
  const { process: client, f, key, value } = event
  return { process: client, f, ...(key === undefined ? {} : { key }), value, result, invoked: at, completed }
}

function stillOpen({ process: client, f }: HistoryEvent, at: number, open: Open): string {
  const who = `process ${shortJson(client)} invokes ${f}`
  return `line ${at}: ${who} while its ${open.event.f} of line ${open.at} is open: complete that first, with "info" when nobody knows its outcome`
}

function notAsked({ process: client, type, f }: HistoryEvent, at: number): string {
  return `line ${at}: process ${shortJson(client)} completes ${f} ("${type}"), and has nothing open: its invocation is missing, or it was completed before`
}

function complaintOf(event: HistoryEvent, invocation: HistoryEvent): string | null {
  const who = `process ${shortJson(event.process)}`
  if (event.f !== invocation.f) return `${who} completes ${event.f}, and has ${invocation.f} open`
  if (event.key === undefined || sameJson(event.key, invocation.key)) return null
  return `${who} completes ${event.f} of key ${shortJson(event.key)}, and has one of ${shortJson(invocation.key)} open`
}

/** For people: `put "x" 3 → ok`, `get "x" → 3`, `put "x" 3 → ?`. */
export function describeOperation({ f, key, value, result, completed }: Operation, maxLength = 80): string {
  const asked = [key, value === null ? undefined : value].filter((part) => part !== undefined)
  const words = [f, ...asked.map((part) => shortJson(part, maxLength))].join(' ')
  const answer =
    result === undefined || (value !== null && sameOrAbsent(result, value)) ? 'ok' : shortJson(result, maxLength)
  return `${words} → ${completed === null ? '?' : answer}`
}

/** Completions of writes commonly repeat what was written, or say null. */
function sameOrAbsent(result: unknown, value: unknown): boolean {
  return value !== undefined && (result === null || sameJson(result, value))
}
