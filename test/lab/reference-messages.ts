// What the reference Raft sends and saves (Paper Figures 2 and 13).

import type { Command } from '../../src/lab/index.ts'

export interface Entry {
  readonly term: number
  readonly command: Command
}

export interface VoteArgs {
  readonly term: number
  readonly candidateId: number
  readonly lastLogIndex: number
  readonly lastLogTerm: number
}

export interface VoteReply {
  readonly term: number
  readonly voteGranted: boolean
}

export interface AppendArgs {
  readonly term: number
  readonly prevLogIndex: number
  readonly prevLogTerm: number
  readonly entries: readonly Entry[]
  readonly leaderCommit: number
}

export interface AppendReply {
  readonly term: number
  readonly success: boolean
  /** Where the leader should try next when it was refused. */
  readonly retryIndex: number
}

export interface SnapshotArgs {
  readonly term: number
  readonly lastIncludedIndex: number
  readonly lastIncludedTerm: number
  readonly snapshot: Uint8Array
}

export interface SavedState {
  readonly currentTerm: number
  readonly votedFor: number
  readonly base: number
  /** Two lists rather than one of entries: the whole log is encoded at each save, and this takes a third of the time. */
  readonly terms: readonly number[]
  readonly commands: readonly Command[]
}
