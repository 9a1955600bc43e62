// Everything that happens in a run, told as it happens. The trace hash, the log viewer and any picture of a run are
// built on these events alone. `time` is in milliseconds on the run's own clock, zero when the test was set up.

/** Topics of log lines, four letters each, so that columns line up. */
export type Topic =
  | 'CLNT'
  | 'CMIT'
  | 'DROP'
  | 'ERRO'
  | 'INFO'
  | 'LEAD'
  | 'LOG1'
  | 'LOG2'
  | 'PERS'
  | 'SNAP'
  | 'TERM'
  | 'TEST'
  | 'TIMR'
  | 'TRCE'
  | 'VOTE'
  | 'WARN'

/** Why a caller was told that its call failed. */
export type DropReason =
  /** The sending end was disabled or the server was not there. */
  | 'unreachable'
  /** An unreliable network lost the request: no handler ran. */
  | 'request lost'
  /** An unreliable network lost the reply: the handler did run. */
  | 'reply lost'
  /** The server was cut off, deleted or replaced before its reply could leave. */
  | 'dead'

/** What every event of an RPC says. Times are in milliseconds since the start of the run. */
export interface Call {
  readonly time: number
  /** Numbers the calls of a run from 1: the same in every event of one call. */
  readonly call: number
  /** The calling server, −1 for a client. */
  readonly from: number
  /** The called server, −1 when the end was never connected. */
  readonly to: number
  readonly method: string
}

/** What every event at one server says. */
export interface ServerFact {
  readonly time: number
  readonly server: number
}

/** One thing that happened. `body` is what travelled, encoded; decode it with Labgob, and never change it. */
export type LabEvent =
  | (Call & { readonly kind: 'rpc sent'; readonly body: Uint8Array })
  /** The handler starts. */
  | (Call & { readonly kind: 'rpc received' })
  /** The reply is held back, so that others overtake it. */
  | (Call & { readonly kind: 'rpc delayed'; readonly delayMs: number })
  /** The caller has the reply. */
  | (Call & { readonly kind: 'rpc replied'; readonly body: Uint8Array })
  /** The call failed; for 'unreachable' the caller learns it only after a while. */
  | (Call & { readonly kind: 'rpc dropped'; readonly reason: DropReason })
  | (ServerFact & { readonly kind: 'connect' | 'disconnect' | 'crash' | 'start' })
  | (ServerFact & { readonly kind: 'apply'; readonly index: number; readonly command: unknown })
  | (ServerFact & { readonly kind: 'apply snapshot'; readonly index: number; readonly bytes: number })
  | (ServerFact & { readonly kind: 'persist'; readonly raftStateBytes: number; readonly snapshotBytes: number })
  | (ServerFact & { readonly kind: 'log'; readonly topic: Topic; readonly text: string })
  /** What the tester is about: a checker that begins, passes or fails. */
  | { readonly kind: 'tester'; readonly time: number; readonly text: string }
  /** A value that would not survive the wire or the disk as it is, or a target that was not fresh. */
  | { readonly kind: 'warning'; readonly time: number; readonly text: string }

/** Is told every event, in order, while the run stands still: it must not call back into the run. */
export type LabObserver = (event: LabEvent) => void
