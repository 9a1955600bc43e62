// The disk of one server in the lab: two byte strings in memory, each replaced as a whole. At a crash the tester copies
// the Persister and gives the copy to the next instance; what the old instance saves afterwards goes nowhere.

import { EMPTY } from '../util/bytes.ts'

/** Told after each save, with the sizes in bytes of what is now kept. */
export type OnSave = (raftStateBytes: number, snapshotBytes: number) => void

/** Keeps Raft's persistent state and the service's latest snapshot. Bytes are copied on the way in and out. */
export class Persister {
  private raftState: Uint8Array = EMPTY
  private snapshot: Uint8Array = EMPTY
  private readonly onSave: OnSave | undefined

  constructor(onSave?: OnSave) {
    this.onSave = onSave
  }

  /** Replaces Raft's state; the snapshot stays (the course of 2022). */
  saveRaftState(raftState: Uint8Array): void {
    this.raftState = raftState.slice()
    this.onSave?.(this.raftState.length, this.snapshot.length)
  }

  /** Replaces both at once, as one atomic write: a snapshot never stands beside a log that it does not fit. */
  saveStateAndSnapshot(raftState: Uint8Array, snapshot: Uint8Array | null): void {
    this.raftState = raftState.slice()
    this.snapshot = snapshot?.slice() ?? EMPTY
    this.onSave?.(this.raftState.length, this.snapshot.length)
  }

  /** The only way to save since the course of 2023: saving null as the snapshot erases an earlier one. */
  save(raftState: Uint8Array, snapshot: Uint8Array | null): void {
    this.saveStateAndSnapshot(raftState, snapshot)
  }

  /** Empty when nothing was saved yet. */
  readRaftState(): Uint8Array {
    return this.raftState.slice()
  }

  /** Empty when there is no snapshot. */
  readSnapshot(): Uint8Array {
    return this.snapshot.slice()
  }

  raftStateSize(): number {
    return this.raftState.length
  }

  snapshotSize(): number {
    return this.snapshot.length
  }

  /** A Persister of its own with the same content. */
  copy(onSave?: OnSave): Persister {
    const copy = new Persister(onSave)
    copy.raftState = this.raftState
    copy.snapshot = this.snapshot
    return copy
  }
}
