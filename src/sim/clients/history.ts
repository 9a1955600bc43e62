/** What clients did and were told, as the checker wants it: in real-time order, one event after the other. */
import type { HistoryEvent } from '../../check/history.ts'
import type { Observers, Outcome } from '../watch/observer.ts'
import type { Operation } from '../workload.ts'

/** What became of an operation, as its client may tell. */
export interface Result {
  readonly outcome: Outcome
  /** What a read or a command was answered; undefined for nothing. */
  readonly value?: unknown
  /** The code of the error that it ended with, if it did: it was refused, or nobody can tell. */
  readonly why?: string
}

/** The command was certainly not carried out; an answer of the object itself that says no is something else. */
export function isRefusal({ outcome, why }: Result): boolean {
  return outcome === 'fail' && why !== undefined
}

/** An operation that has begun. */
export interface Pending {
  readonly number: number
  readonly who: number
  readonly operation: Operation
}

export class History {
  readonly events: HistoryEvent[] = []
  /** By outcome. */
  readonly counts: { [outcome in Outcome]: number } = { ok: 0, fail: 0, info: 0 }
  private readonly observers: Observers
  private processes = 0
  private operations = 0

  constructor(observers: Observers) {
    this.observers = observers
  }

  /** The name of somebody who does one thing after the other. Whoever does not know what became of a thing gets a new one. */
  newName(): number {
    return this.processes++
  }

  invoke(client: number, who: number, operation: Operation): Pending {
    const { f, key, value } = operation
    this.events.push({ process: who, type: 'invoke', f, ...field('key', key), ...field('value', value) })
    const number = ++this.operations
    this.observers.invoked(client, number, describe(operation))
    return { number, who, operation }
  }

  complete(client: number, { number, who, operation }: Pending, { outcome, value, why = outcome }: Result): void {
    const { f, key } = operation
    const told = value === undefined ? operation.value : value
    this.events.push({ process: who, type: outcome, f, ...field('key', key), ...field('value', told) })
    this.counts[outcome]++
    this.observers.returned(client, number, outcome, outcome === 'ok' ? JSON.stringify(told ?? null) : why)
  }
}

function field(name: 'key' | 'value', value: unknown): object {
  return value === undefined ? {} : { [name]: value }
}

function describe({ f, key, value }: Operation): string {
  const words = [
    f,
    ...(key === undefined ? [] : [String(key)]),
    ...(value === undefined ? [] : [JSON.stringify(value)]),
  ]
  return words.join(' ')
}
