/** The core with somebody who watches: every input and every Ready is shown to an observer. */

import type { ConfigurationChange } from '../raft/configuration-change.ts'
import type { Entry, Index, ServerId } from '../raft/entry.ts'
import type { Message } from '../raft/message.ts'
import type { RaftOptions } from '../raft/options.ts'
import { type ProposeResult, Raft } from '../raft/raft.ts'
import type { BootState, Ready, Seq, SnapshotMeta } from '../raft/ready.ts'
import type { ChangeResult } from '../raft/reconfiguration.ts'
import type { TransferRefusal } from '../raft/transfer.ts'
import type { Input } from '../spec/step.ts'
import type { Random } from '../util/random.ts'
import type { RaftObserver } from './observer.ts'

/** Takes the place of a Raft; its inputs throw SpecViolation when they are no steps of Raft's. */
export class ObservedRaft extends Raft {
  private readonly observer: RaftObserver

  constructor(
    options: Partial<RaftOptions> & { readonly id: ServerId },
    boot: BootState,
    random: Random,
    now: number,
    observer: RaftObserver,
  ) {
    super(options, boot, random, now)
    this.observer = observer
    observer.booted(this)
  }

  override step(message: Message, now: number): void {
    super.step(message, now)
    this.observer.received(this, message)
  }

  override propose(commands: readonly Uint8Array[], now: number, kind?: 'command' | 'session'): ProposeResult {
    return this.shown(super.propose(commands, now, kind), { type: 'propose' })
  }

  override read(token: number, now: number, underLease?: boolean): void {
    super.read(token, now, underLease)
    this.observer.saw(this, { type: 'read', token })
  }

  override stalled(now: number): void {
    super.stalled(now)
    this.observer.saw(this, { type: 'other' })
  }

  override change(change: ConfigurationChange, now: number): ChangeResult {
    return this.shown(super.change(change, now), { type: 'change' })
  }

  override transfer(to: ServerId, now: number): TransferRefusal {
    return this.shown(super.transfer(to, now), { type: 'transfer' })
  }

  override stepDown(now: number): void {
    super.stepDown(now)
    this.observer.saw(this, { type: 'other' })
  }

  override tick(now: number): void {
    super.tick(now)
    this.observer.saw(this, { type: 'tick' })
  }

  override persisted(seq: Seq, now: number): void {
    super.persisted(seq, now)
    this.observer.saw(this, { type: 'durable', write: seq })
  }

  override applied(index: Index, now: number): void {
    super.applied(index, now)
    this.observer.saw(this, { type: 'other' })
  }

  override restored(index: Index, now: number): void {
    super.restored(index, now)
    this.observer.saw(this, { type: 'other' })
  }

  override fetched(id: number, entries: readonly Entry[], now: number): void {
    super.fetched(id, entries, now)
    this.observer.saw(this, { type: 'other' })
  }

  override snapshotTaken(meta: SnapshotMeta, now: number): void {
    super.snapshotTaken(meta, now)
    this.observer.saw(this, { type: 'snapshot' })
  }

  override snapshotFailed(to: ServerId, session: number, now: number): void {
    super.snapshotFailed(to, session, now)
    this.observer.saw(this, { type: 'other' })
  }

  override sendFailed(message: Message, now: number): void {
    super.sendFailed(message, now)
    this.observer.saw(this, { type: 'other' })
  }

  override waitForLeader(now: number): void {
    super.waitForLeader(now)
    this.observer.saw(this, { type: 'other' })
  }

  override connectionLost(id: ServerId, now: number): void {
    super.connectionLost(id, now)
    this.observer.saw(this, { type: 'other' })
  }

  override takeReady(): Ready {
    const ready = super.takeReady()
    this.observer.tookReady(this, ready)
    return ready
  }

  private shown<Result>(result: Result, input: Input): Result {
    this.observer.saw(this, input)
    return result
  }
}
