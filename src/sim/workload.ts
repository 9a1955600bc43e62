/** What clients do: the state machine, the operations on it, and what its answers mean for a history. */
import type { Model } from '../check/model.ts'
import type { StateMachine } from '../runtime/state-machine.ts'
import type { Random } from '../util/random.ts'

/** One thing that a client wants done. What `f`, `key` and `value` are, the workload's model knows. */
export interface Operation {
  readonly f: string
  readonly key?: unknown
  readonly value?: unknown
  /** As it is proposed; null for what only reads. No two commands of a run may be the same bytes: number them. */
  readonly command: Uint8Array | null
}

/** What an answer says: it happened, with this result; or it did not, as a comparison that failed. */
export type Answer = { readonly type: 'ok'; readonly value: unknown } | { readonly type: 'fail' }

/** A state machine, and clients that use it. */
export interface Workload<Machine extends StateMachine = StateMachine> {
  /** An empty machine, for one life of one server. */
  machine(): Machine
  /** What this client does next; `serial` counts its operations, from 1. */
  next(random: Random, client: number, serial: number): Operation
  /** The result of an operation that only reads, on what this server holds. */
  read(machine: Machine, operation: Operation): unknown
  answer(operation: Operation, answer: Uint8Array): Answer
  /** What histories are checked against; null: they are not. */
  readonly model: Model<unknown> | null
}
