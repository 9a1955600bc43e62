/**
 * What a node tells an operator beyond Raft's own events: snapshots, followers that fall behind, stalls, a full disk.
 * Each is told when something begins and when it is over, not over and over in between.
 */
import type { Index, ServerId } from '../raft/entry.ts'

/** A snapshot that is whole: own ones are `taken`, others' `received`, and either may be `sent` or `restored`. */
export interface SnapshotEvent {
  readonly action: 'taken' | 'sent' | 'received' | 'restored'
  /** The last entry that it covers. */
  readonly index: Index
  readonly sizeBytes: number
  readonly durationMs: number
  /** To whom it was sent, or from whom it came; null when nobody else is concerned. */
  readonly peer: ServerId | null
}

/**
 * The leader's word on a follower: `slow` when what was committed `slowPeerMs` ago is still not on its disk, so that one
 * more failure may stop the cluster; then once more, with `slow: false`, when it keeps up again.
 */
export interface SlowPeerEvent {
  readonly peer: ServerId
  readonly slow: boolean
  readonly matchIndex: Index
  /** How many entries of the leader's log it does not have durably. */
  readonly behindEntries: number
  /** How long it has lacked what was committed by then. */
  readonly lagMs: number
  /** Since it was last heard: about a heartbeat when it is merely slow, and growing when it is gone. */
  readonly silentMs: number
}

export type StallCause = 'loop' | 'disk' | 'apply'

/**
 * Something stood still: the event loop, a write to the log, or a call of the state machine's `apply`. A loop that stood
 * still can say so only afterwards; the others say it when it has gone on for too long, and when it is over.
 */
export interface StallEvent {
  readonly cause: StallCause
  /** So far, or in all. */
  readonly durationMs: number
  readonly over: boolean
}

/** The disk has no room, or has some again: see `ERR_QUORATE_DISK_FULL`. */
export interface DiskFullEvent {
  readonly full: boolean
}

/** By name, as `node.on` knows them. */
export interface OperationEvents {
  snapshot: SnapshotEvent
  slowPeer: SlowPeerEvent
  stall: StallEvent
  diskFull: DiskFullEvent
}

/** How the parts of a node tell of them. */
export type Report = <Name extends keyof OperationEvents>(name: Name, event: OperationEvents[Name]) => void
