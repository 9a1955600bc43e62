/**
 * A plan is all that happens to a cluster from outside: what it is made of, and a list of decisions, each at its moment.
 * A seed draws a plan; from there on chance has no say but the small one that the plan's own seed feeds. So a plan can be
 * written down, run again, and made smaller, decision by decision, while everything else stays as it was.
 */
import type { RaftOptions } from '../raft/options.ts'

/** Which server: by its number from 1, or by what it is at that moment. */
export type Target = number | 'leader' | 'follower'

/** A crash of the process alone, whose system keeps what it was given, or of the machine, whose disk forgets. */
export type CrashKind = 'kill' | 'power'

/** The moment of a crash, if it is not a time: at the next such operation on the server's disk. */
export interface CrashTrap {
  readonly operation: 'write' | 'sync' | 'rename' | 'remove' | 'syncFolder' | 'resize'
  /** Only on files whose name begins so: `log-`, `snapshot-`, or anything. */
  readonly prefix: string
  readonly moment: 'before' | 'after'
}

/** What goes wrong, or is done to the cluster. Those with `forMs` end by themselves; the others are over at once. */
export type Action =
  // ── The network ──
  /** The server neither hears nor is heard, or only one of the two. */
  | {
      readonly kind: 'isolate'
      readonly server: Target
      readonly hears: boolean
      readonly isHeard: boolean
      readonly forMs: number
    }
  /** Those whose bit is set are on one side. One-way: they hear the others, and are not heard. */
  | { readonly kind: 'partition'; readonly side: number; readonly oneWay: boolean; readonly forMs: number }
  /** Two sides that hear one server, and it both, but not each other. */
  | { readonly kind: 'bridge'; readonly server: number; readonly side: number; readonly forMs: number }
  /** One direction of one link is cut: a partial partition. */
  | { readonly kind: 'cutLink'; readonly from: number; readonly to: number; readonly forMs: number }
  /** A link comes and goes. */
  | {
      readonly kind: 'flap'
      readonly from: number
      readonly to: number
      readonly everyMs: number
      readonly forMs: number
    }
  | { readonly kind: 'delay'; readonly minMs: number; readonly maxMs: number; readonly forMs: number }
  | {
      readonly kind: 'slowLink'
      readonly from: number
      readonly to: number
      readonly bytesPerMs: number
      readonly forMs: number
    }
  /** Messages that have arrived are lost, come twice, or late. */
  | {
      readonly kind: 'unruly'
      readonly loss: number
      readonly copies: number
      readonly late: number
      readonly lateMs: number
      readonly forMs: number
    }
  /** Connections end in the middle of a frame. */
  | { readonly kind: 'cutFrames'; readonly chance: number; readonly forMs: number }
  | { readonly kind: 'corruptBytes'; readonly chance: number; readonly forMs: number }
  /** All connections between two servers break. */
  | { readonly kind: 'hangUp'; readonly one: number; readonly other: number }
  // ── Servers ──
  | { readonly kind: 'crash'; readonly server: Target; readonly how: CrashKind; readonly forMs: number }
  | {
      readonly kind: 'crashAt'
      readonly server: Target
      readonly how: CrashKind
      readonly trap: CrashTrap
      readonly forMs: number
    }
  | { readonly kind: 'crashAll'; readonly how: CrashKind; readonly forMs: number }
  /** An orderly stop. */
  | { readonly kind: 'stop'; readonly server: Target; readonly forMs: number }
  /** SIGSTOP, a suspended machine, or a loop that is busy with something else. */
  | { readonly kind: 'pause'; readonly server: Target; readonly forMs: number }
  /** Its clock runs at `rate` times the world's speed. */
  | { readonly kind: 'drift'; readonly server: number; readonly rate: number; readonly forMs: number }
  | { readonly kind: 'leap'; readonly server: number; readonly ms: number }
  /** Applying a batch takes so long. */
  | { readonly kind: 'slowApply'; readonly server: number; readonly ms: number; readonly forMs: number }
  /** It starts anew as another release would: with other sizes and limits, and other versions in its hello. */
  | { readonly kind: 'upgrade'; readonly server: number; readonly release: number }
  // ── Disks ──
  | { readonly kind: 'slowDisk'; readonly server: Target; readonly ms: number; readonly forMs: number }
  | { readonly kind: 'fullDisk'; readonly server: Target; readonly forMs: number }
  /** Such operations fail with EIO; a server that this ends is started again by its supervisor. */
  | {
      readonly kind: 'breakDisk'
      readonly server: Target
      readonly operation: 'sync' | 'write' | 'read' | 'rename' | 'open'
      readonly forMs: number
      /** Only the next one fails, so that whoever tries again succeeds. */
      readonly once?: boolean
    }
  /** So many bits of its files flip. */
  | { readonly kind: 'rot'; readonly server: number; readonly file: 'log' | 'snapshot' | 'any'; readonly bits: number }
  /** A block of one file is written where another belongs. */
  | { readonly kind: 'misdirect'; readonly server: number; readonly file: 'log' | 'snapshot' | 'any' }
  /** Its folder is gone. It comes back under its old name, and nobody may believe it. */
  | { readonly kind: 'emptyDisk'; readonly server: number }
  // ── What an operator does ──
  | { readonly kind: 'transfer'; readonly to: number }
  | { readonly kind: 'snapshot'; readonly server: Target }
  /** A new server joins, as a voter in the end or as a learner. */
  | { readonly kind: 'add'; readonly promote: boolean }
  | { readonly kind: 'remove'; readonly server: Target }
  | { readonly kind: 'demote'; readonly server: Target }
  | { readonly kind: 'promote'; readonly server: number }
  /** A joint change: those members whose bit is set are the voters from then on. */
  | { readonly kind: 'replaceVoters'; readonly voters: number }

/** One thing that happens, and when: milliseconds since the cluster was formed. */
export type Decision = Action & { readonly at: number }

/** What a run is made of. */
export interface Settings {
  /** First members. */
  readonly servers: number
  readonly clients: number
  /** How many keys they work on: few make conflicts. */
  readonly keys: number
  /** What a client waits between two operations, at most. */
  readonly thinkMs: number
  /** How long a client waits for an answer. */
  readonly patienceMs: number
  /** The share of clients that hold sessions and try again until they know. */
  readonly sessions: number
  /** After how long a session ends of which nothing is heard; five seconds where it is not said. */
  readonly sessionTtlMs?: number
  /** The share of operations that only read. */
  readonly reads: number
  /** The safety phase: so long faults happen. */
  readonly durationMs: number
  readonly raft: Partial<Omit<RaftOptions, 'id'>>
  /** Commands that may wait on a server. */
  readonly maxQueuedBytes: number
  readonly snapshotEveryBytes: number
  readonly firstSegmentBytes: number
  readonly minDelayMs: number
  readonly maxDelayMs: number
  readonly minSyncMs: number
  readonly maxSyncMs: number
  /** The largest value that clients write. */
  readonly valueBytes: number
}

/** Everything that a run depends on. */
export interface Plan {
  /** Feeds what is left to chance: delays, time-outs, what clients do. */
  readonly seed: number
  readonly settings: Settings
  /** In the order of their moments. */
  readonly decisions: readonly Decision[]
}
