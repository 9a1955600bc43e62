// The lab's Raft: a thin face over the core, with no line of consensus in it. It carries the core's Ready out with the
// lab's own means: the Persister is the disk, a ClientEnd the network, applyCh the state machine.
//
// The Persister is synchronous, so a step and all that it entails happen at once: whatever a request makes the core
// say to its sender is the reply of that very call.

import { votersOnly } from '../raft/configuration.ts'
import { InvariantChecker } from '../raft/invariants.ts'
import type { Message, MessageType } from '../raft/message.ts'
import type { RaftOptions } from '../raft/options.ts'
import { Raft } from '../raft/raft.ts'
import type { RaftEvent, Ready, SendSnapshot } from '../raft/ready.ts'
import { EMPTY } from '../util/bytes.ts'
import type { Cancel } from '../util/clock.ts'
import { Deque } from '../util/deque.ts'
import { type ApplyMsg, type Command, commandMsg, snapshotMsg } from './apply-msg.ts'
import type { Channel } from './channel.ts'
import type { ClientEnd, Handlers, LabEnvironment, LabRaft, Make, OnStep, RaftState, StartResult } from './lab.ts'
import type { Persister } from './persister.ts'
import { type Args, fromArgs, fromReply, methodOf, type Reply, snapshotOf, toArgs, toReply } from './raft-rpc.ts'
import { decodeRaftState, RaftStateImage } from './raft-state.ts'

/**
 * The lab's own needs: exact indexes, so no empty entry at a term's start; logs that stay small, so nothing is kept
 * behind a snapshot; at most ten heartbeats a second, and a new leader before the tester looks for one, 450 ms after it
 * has cut off the old; few messages, so commands gather while one is on its way.
 */
export const LAB_OPTIONS: Partial<RaftOptions> = {
  heartbeatIntervalMs: 170,
  electionTimeoutMinMs: 345,
  electionTimeoutMaxMs: 430,
  noopAtTermStart: false,
  retainEntries: 0,
  snapshotRetryMs: 170,
  maxTailBytes: Number.MAX_SAFE_INTEGER,
  maxInflightMessages: 2,
  commitPushDelayMs: 11,
}

/** How long a started command waits for company. The tester looks for it 10 ms later at the earliest. */
const START_BATCH_MS = 5

/** Our Raft under the lab's interface. */
export const make: Make = (peers, me, persister, applyCh, env) => new CoreRaft(peers, me, persister, applyCh, env)

/** Checks Figure 3's properties and more across all servers of one run, after every step. */
export function checkInvariants(): OnStep {
  const checker = new InvariantChecker()
  return (_server, core) => {
    if (core instanceof Raft) checker.check(core)
  }
}

class CoreRaft implements LabRaft {
  readonly handlers: Handlers
  private readonly peers: readonly ClientEnd[]
  private readonly me: number
  private readonly persister: Persister
  private readonly applyCh: Channel<ApplyMsg>
  private readonly env: LabEnvironment
  private readonly core: Raft
  private readonly image: RaftStateImage
  private snapshotBytes: Uint8Array
  /** The bytes that came with the InstallSnapshot that is being stepped. */
  private arrivingSnapshot: Uint8Array = EMPTY
  private readonly applyQueue = new Deque<ApplyMsg>()
  private wakeApplier: (() => void) | null = null
  private timer: Cancel | null = null
  private timerAt = Number.POSITIVE_INFINITY
  private turnIsDue = false
  private batchIsDue = false
  private isKilled = false

  constructor(
    peers: readonly ClientEnd[],
    me: number,
    persister: Persister,
    applyCh: Channel<ApplyMsg>,
    env: LabEnvironment,
  ) {
    this.peers = peers
    this.me = me
    this.persister = persister
    this.applyCh = applyCh
    this.env = env
    const configuration = votersOnly(Object.fromEntries(peers.map((_, server) => [String(server), ''])))
    const boot = decodeRaftState(persister.readRaftState(), configuration)
    this.snapshotBytes = persister.readSnapshot()
    this.image = new RaftStateImage(boot)
    this.core = new Raft({ ...LAB_OPTIONS, id: String(me) }, boot, env.random, env.clock.now())
    this.handlers = {
      'Raft.PreVote': (args: Args) => this.serve('PreVote', args),
      'Raft.RequestVote': (args: Args) => this.serve('RequestVote', args),
      'Raft.AppendEntries': (args: Args) => this.serve('AppendEntries', args),
      'Raft.InstallSnapshot': (args: Args) => this.serve('InstallSnapshot', args),
    }
    env.go(() => this.applyCommitted())
    this.setTimer()
  }

  start(command: Command): StartResult {
    const { currentTerm } = this.core.inspect()
    if (this.isKilled) return { index: -1, term: currentTerm, isLeader: false }
    const result = this.core.propose([this.env.labgob.encode(command)], this.env.clock.now())
    if (!result.accepted) return { index: -1, term: currentTerm, isLeader: false }
    this.turnLater()
    return { index: result.firstIndex, term: result.term, isLeader: true }
  }

  getState(): RaftState {
    const { currentTerm, role } = this.core.inspect()
    return { term: currentTerm, isLeader: role === 'leader' }
  }

  snapshot(index: number, snapshot: Uint8Array): void {
    const meta = this.core.describeSnapshot(index)
    if (this.isKilled || meta === null || index <= this.core.inspect().snapshot.index) return
    this.snapshotBytes = snapshot.slice()
    this.core.snapshotTaken(meta, this.env.clock.now())
    this.turn()
  }

  condInstallSnapshot(): boolean {
    return true
  }

  kill(): void {
    this.isKilled = true
    this.timer?.()
    this.wakeApplier?.()
  }

  killed(): boolean {
    return this.isKilled
  }

  // ── Carrying out Ready ────────────────────────────────────────────────────────────────────────────────────────────

  /** The serving side of every RPC. */
  private serve(type: MessageType, args: Args): Reply {
    if (this.isKilled) return {}
    if (type === 'InstallSnapshot') this.arrivingSnapshot = snapshotOf(args)
    this.core.step(fromArgs(type, args, String(this.me)), this.env.clock.now())
    const reply = this.turn(args.from)
    return reply === undefined ? {} : toReply(reply)
  }

  /** All that the last inputs entail. @returns what the core has to say to `caller`, which is the reply of its call */
  private turn(caller?: string): Message | undefined {
    let reply: Message | undefined
    while (this.core.hasReady() && !this.isKilled) {
      const ready = this.core.takeReady()
      this.logEvents(ready)
      this.persist(ready)
      for (const { message } of ready.messages) {
        if (message.to === caller && message.type.endsWith('Reply')) reply = message
        else this.call(message)
      }
      for (const order of ready.snapshots) this.sendSnapshot(order)
      this.handOver(ready)
    }
    if (!this.isKilled) this.env.onStep?.(this.me, this.core)
    this.setTimer()
    return reply
  }

  private turnSoon(): void {
    if (this.turnIsDue) return
    this.turnIsDue = true
    this.env.clock.soon(() => {
      this.turnIsDue = false
      if (!this.isKilled) this.turn()
    })
  }

  /** Commands that are started within a few milliseconds travel together: one message a server instead of one each. */
  private turnLater(): void {
    if (this.batchIsDue) return
    this.batchIsDue = true
    this.env.clock.schedule(START_BATCH_MS, () => {
      this.batchIsDue = false
      if (!this.isKilled) this.turn()
    })
  }

  private persist({ persist, compactTo }: Ready): void {
    if (persist === null && compactTo === null) return
    if (persist !== null) this.image.record(persist)
    if (compactTo !== null) this.image.compact(compactTo, this.core.inspect().log.baseTerm)
    if (persist?.snapshot) this.snapshotBytes = this.arrivingSnapshot
    this.persister.saveStateAndSnapshot(this.image.encode(), this.snapshotBytes)
    if (persist !== null) this.core.persisted(persist.seq, this.env.clock.now())
  }

  /** Every call stands by itself: one that hangs for seconds must not keep the next one waiting. */
  private call(message: Message): void {
    const end = this.peers[Number(message.to)] as ClientEnd
    const args = toArgs(message, this.snapshotBytes)
    this.env.go(async () => {
      const reply = await end.call<Reply>(methodOf(message), args)
      if (this.isKilled) return
      const answer = reply === null ? null : fromReply(message, reply)
      if (reply === null) this.core.sendFailed(message, this.env.clock.now())
      if (answer !== null) this.core.step(answer, this.env.clock.now())
      this.turn()
    })
  }

  private sendSnapshot({ to, term, session, meta }: SendSnapshot): void {
    const { index: lastIncludedIndex, term: lastIncludedTerm, configuration } = meta
    const from = String(this.me)
    this.call({ type: 'InstallSnapshot', from, to, term, session, lastIncludedIndex, lastIncludedTerm, configuration })
  }

  // ── Applying ──────────────────────────────────────────────────────────────────────────────────────────────────────

  private handOver({ apply, restore }: Ready): void {
    if (restore !== null) this.applyQueue.push(snapshotMsg(restore.index, restore.term, this.snapshotBytes))
    for (const entry of apply) {
      this.applyQueue.push(commandMsg(entry.index, this.env.labgob.decode(entry.command)))
    }
    if (this.applyQueue.length > 0) this.wakeApplier?.()
  }

  /** The one sender on applyCh. Nothing waits for it: the service may call `snapshot` before it takes the next message. */
  private async applyCommitted(): Promise<void> {
    while (!this.isKilled) {
      const message = this.applyQueue.shift()
      if (message === undefined) {
        await new Promise<void>((resolve) => {
          this.wakeApplier = resolve
        })
        this.wakeApplier = null
        continue
      }
      const now = this.env.clock.now()
      if (message.snapshotValid) this.core.restored(message.snapshotIndex, now)
      else this.core.applied(message.commandIndex, now)
      this.turnSoon()
      await this.applyCh.send(message)
    }
  }

  // ── Time ──────────────────────────────────────────────────────────────────────────────────────────────────────────

  /** One timer. A deadline that moves away, as with every heartbeat, leaves it be: it looks again when it fires. */
  private setTimer(): void {
    const deadline = this.core.nextDeadline()
    if (deadline === null || this.isKilled || this.timerAt <= deadline) return
    this.timer?.()
    this.timerAt = deadline
    this.timer = this.env.clock.schedule(Math.max(deadline - this.env.clock.now(), 0), () => this.tick())
  }

  private tick(): void {
    this.timerAt = Number.POSITIVE_INFINITY
    this.timer = null
    if (this.isKilled) return
    const now = this.env.clock.now()
    const deadline = this.core.nextDeadline()
    if (deadline !== null && now >= deadline) this.core.tick(now)
    this.turn()
  }

  private logEvents({ events }: Ready): void {
    for (const event of events) this.env.log(TOPICS[event.type], () => describe(event))
  }
}

const TOPICS = {
  role: 'VOTE',
  leader: 'LEAD',
  configuration: 'INFO',
  configurationCommitted: 'INFO',
  departed: 'INFO',
  contradiction: 'ERRO',
  transfer: 'INFO',
} as const

function describe(event: RaftEvent): string {
  switch (event.type) {
    case 'role':
      return `${event.role} in term ${event.term}`
    case 'leader':
      return event.leaderId === null
        ? `no leader in term ${event.term}`
        : `follows ${event.leaderId} in term ${event.term}`
    case 'configuration':
      return `configuration of index ${event.index}`
    case 'configurationCommitted':
      return `configuration of index ${event.index} is committed`
    case 'departed':
      return `done with ${event.id}, which was removed`
    case 'contradiction':
      return event.detail
    case 'transfer':
      return `transfer to ${event.to}: ${event.outcome}, ${event.reason}`
  }
}
