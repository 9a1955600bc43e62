/**
 * A Raft that is looked at: whoever watches is told after every input, and of every Ready, before anybody acts on it. The
 * simulator and the tests of whole nodes put it where production has the plain one; it does nothing else.
 */
import type { Random } from '../util/random.ts'
import type { ConfigurationChange } from './configuration-change.ts'
import type { Entry, Index, ServerId } from './entry.ts'
import type { Message } from './message.ts'
import type { RaftOptions } from './options.ts'
import { type ProposeResult, Raft } from './raft.ts'
import type { BootState, Ready, Seq, SnapshotMeta } from './ready.ts'
import type { ChangeResult } from './reconfiguration.ts'
import type { TransferRefusal } from './transfer.ts'

/** What went in. Everything of which nothing more needs to be known is `other`. */
export type RaftInput =
  | { readonly type: 'step'; readonly message: Message }
  | { readonly type: 'tick' | 'propose' | 'change' | 'transfer' | 'snapshotTaken' | 'other' }
  | { readonly type: 'read'; readonly token: number }
  | { readonly type: 'persisted'; readonly seq: Seq }

const TICK: RaftInput = { type: 'tick' }
const PROPOSE: RaftInput = { type: 'propose' }
const CHANGE: RaftInput = { type: 'change' }
const TRANSFER: RaftInput = { type: 'transfer' }
const SNAPSHOT_TAKEN: RaftInput = { type: 'snapshotTaken' }
const OTHER: RaftInput = { type: 'other' }

/** What it throws ends the node, as if the core had thrown it. */
export interface RaftWatcher {
  /** A server has started. */
  booted(raft: Raft): void
  /** After the input has done its work. */
  told(raft: Raft, input: RaftInput): void
  /** Before the Ready is handed to whoever carries it out. */
  readied(raft: Raft, ready: Ready): void
}

export class WatchedRaft extends Raft {
  private readonly watcher: RaftWatcher

  constructor(
    options: Partial<RaftOptions> & { readonly id: ServerId },
    boot: BootState,
    random: Random,
    now: number,
    watcher: RaftWatcher,
  ) {
    super(options, boot, random, now)
    this.watcher = watcher
    watcher.booted(this)
  }

  override step(message: Message, now: number): void {
    super.step(message, now)
    this.watcher.told(this, { type: 'step', message })
  }

  override propose(
    commands: readonly Uint8Array[],
    now: number,
    kind: 'command' | 'session' = 'command',
  ): ProposeResult {
    return this.after(PROPOSE, super.propose(commands, now, kind))
  }

  override read(token: number, now: number, underLease = false): void {
    super.read(token, now, underLease)
    this.watcher.told(this, { type: 'read', token })
  }

  override stalled(now: number): void {
    this.after(OTHER, super.stalled(now))
  }

  override change(change: ConfigurationChange, now: number): ChangeResult {
    return this.after(CHANGE, super.change(change, now))
  }

  override transfer(to: ServerId, now: number): TransferRefusal {
    return this.after(TRANSFER, super.transfer(to, now))
  }

  override stepDown(now: number): void {
    this.after(OTHER, super.stepDown(now))
  }

  override tick(now: number): void {
    this.after(TICK, super.tick(now))
  }

  override persisted(seq: Seq, now: number): void {
    super.persisted(seq, now)
    this.watcher.told(this, { type: 'persisted', seq })
  }

  override applied(index: Index, now: number): void {
    this.after(OTHER, super.applied(index, now))
  }

  override restored(index: Index, now: number): void {
    this.after(OTHER, super.restored(index, now))
  }

  override fetched(id: number, entries: readonly Entry[], now: number): void {
    this.after(OTHER, super.fetched(id, entries, now))
  }

  override snapshotTaken(meta: SnapshotMeta, now: number): void {
    this.after(SNAPSHOT_TAKEN, super.snapshotTaken(meta, now))
  }

  override snapshotFailed(to: ServerId, session: number, now: number): void {
    this.after(OTHER, super.snapshotFailed(to, session, now))
  }

  override sendFailed(message: Message, now: number): void {
    this.after(OTHER, super.sendFailed(message, now))
  }

  override waitForLeader(now: number): void {
    this.after(OTHER, super.waitForLeader(now))
  }

  override connectionLost(id: ServerId, now: number): void {
    this.after(OTHER, super.connectionLost(id, now))
  }

  override takeReady(): Ready {
    const ready = super.takeReady()
    this.watcher.readied(this, ready)
    return ready
  }

  private after<Result>(input: RaftInput, result: Result): Result {
    this.watcher.told(this, input)
    return result
  }
}
