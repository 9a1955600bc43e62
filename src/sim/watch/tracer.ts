/** Records a run for the page that shows it. */
import type { Message } from '../../raft/message.ts'
import type { Raft } from '../../raft/raft.ts'
import type { BootState, PersistBatch } from '../../raft/ready.ts'
import type { TraceRecorder } from '../../trace/recorder.ts'
import type { SimServer } from '../sim-server.ts'
import type { World } from '../world.ts'
import { describeFields } from './describe-message.ts'
import type { Observer, Outcome } from './observer.ts'

const OUTCOMES = { ok: 'ok', fail: 'fail', info: 'unknown' } as const

/** What was recorded of a server last. */
interface Shown {
  role: string
  base: number
  terms: number[]
  durable: number
  commit: number
  applied: number
  configurationIndex: number
  writes: number
}

export class Tracer implements Observer {
  private readonly world: World
  private readonly recorder: TraceRecorder
  private readonly shown = new Map<string, Shown>()
  /** Messages that have left and not arrived, by what can be seen of them at both ends. */
  private readonly underWay = new Map<string, number[]>()
  private messages = 0

  constructor(world: World, recorder: TraceRecorder) {
    this.world = world
    this.recorder = recorder
  }

  opened(server: SimServer, boot: BootState): void {
    const { recorder, world } = this
    const at = world.now()
    const before = this.shown.get(server.id)
    recorder.start(at, server.id)
    if (before !== undefined) recorder.truncate(at, server.id, Math.min(before.base, boot.lastIndex) + 1)
    const { base, lastIndex } = boot
    this.shown.set(server.id, {
      role: '',
      base: -1,
      terms: [],
      durable: lastIndex,
      commit: -1,
      applied: -1,
      configurationIndex: -1,
      writes: 0,
    })
    recorder.compact(at, server.id, base.index, base.term)
  }

  booted(server: SimServer, raft: Raft): void {
    this.look(server, raft)
  }

  told(server: SimServer, raft: Raft): void {
    this.look(server, raft)
  }

  written(server: SimServer): void {
    const shown = this.shown.get(server.id)
    if (shown !== undefined && shown.writes++ === 0) this.recorder.syncBegin(this.world.now(), server.id)
  }

  durable(server: SimServer, _batches: readonly PersistBatch[]): void {
    this.syncEnded(server, false)
  }

  refused(server: SimServer): void {
    this.syncEnded(server, true)
  }

  sent(server: SimServer, message: Message): void {
    const { type, from, to, term } = message
    const id = ++this.messages
    const fields = describeFields(message)
    this.queueOf(message).push(id)
    this.recorder.send(this.world.now(), id, from, to, type, term, fields)
    if (from !== server.id) this.recorder.note(this.world.now(), `${server.id} speaks as ${from}`)
  }

  arrived(_server: SimServer, message: Message): void {
    const id = this.queueOf(message).shift()
    if (id !== undefined) this.recorder.arrive(this.world.now(), id)
  }

  lost(_server: SimServer, message: Message, how: 'lost' | 'late' | 'copied'): void {
    const queue = this.queueOf(message)
    const [id] = queue
    if (id === undefined) return
    if (how === 'lost') this.recorder.lose(this.world.now(), queue.shift() as number, 'lost on the way')
    if (how === 'copied') queue.push(id)
  }

  ended(server: SimServer, how: string): void {
    if (how === 'kill' || how === 'power') this.recorder.crash(this.world.now(), server.id)
    else {
      this.recorder.stop(this.world.now(), server.id)
      this.recorder.note(this.world.now(), `${server.id}: ${how}`)
    }
  }

  happened(what: string, server: SimServer | null, isEnd: boolean): void {
    const at = this.world.now()
    this.recorder.fault(at, server?.id ?? null, isEnd ? `over: ${what}` : what)
  }

  paused(server: SimServer, isPaused: boolean): void {
    if (isPaused) this.recorder.pause(this.world.now(), server.id)
    else this.recorder.resume(this.world.now(), server.id)
  }

  linked(from: string, to: string, isUp: boolean): void {
    this.recorder.link(this.world.now(), from, to, isUp ? 'up' : 'down')
  }

  invoked(client: number, operation: number, text: string): void {
    this.recorder.invoke(this.world.now(), `client ${client + 1}`, operation, text)
  }

  returned(_client: number, operation: number, outcome: Outcome, text: string): void {
    this.recorder.return(this.world.now(), operation, OUTCOMES[outcome], text)
  }

  private syncEnded(server: SimServer, failed: boolean): void {
    const shown = this.shown.get(server.id)
    if (shown === undefined || shown.writes === 0) return
    shown.writes--
    if (shown.writes === 0) this.recorder.syncEnd(this.world.now(), server.id, failed)
  }

  /** Tells what has changed since the last look. */
  private look(server: SimServer, raft: Raft): void {
    const shown = this.shown.get(server.id)
    if (shown === undefined) return
    const { recorder } = this
    const at = this.world.now()
    const state = raft.inspect()
    const { role, currentTerm, leaderId, votedFor, log, commitIndex, lastApplied, configurations } = state
    const standing = `${role} ${currentTerm} ${leaderId} ${votedFor}`
    if (shown.role !== standing) {
      shown.role = standing
      recorder.role(at, server.id, role, currentTerm, leaderId, votedFor)
    }
    this.lookAtLog(at, server.id, raft, shown)
    if (shown.durable !== log.durableIndex) recorder.durable(at, server.id, log.durableIndex)
    if (shown.commit !== commitIndex) recorder.commit(at, server.id, commitIndex)
    if (shown.applied !== lastApplied) recorder.apply(at, server.id, lastApplied)
    if (shown.configurationIndex !== configurations.currentIndex) {
      const { voters, learners, votersOutgoing } = state.configuration
      recorder.configuration(at, server.id, voters, learners, votersOutgoing)
    }
    shown.durable = log.durableIndex
    shown.commit = commitIndex
    shown.applied = lastApplied
    shown.configurationIndex = configurations.currentIndex
  }

  private lookAtLog(at: number, id: string, raft: Raft, shown: Shown): void {
    const { log } = raft.inspect()
    const { terms } = shown
    let common = Math.min(terms.length - 1, log.lastIndex)
    while (common > log.baseIndex && log.termAt(common) !== terms[common]) common--
    common = Math.max(common, log.baseIndex)
    if (terms.length - 1 > common && terms.length > 0) this.recorder.truncate(at, id, common + 1)
    if (shown.base !== log.baseIndex) {
      shown.base = log.baseIndex
      this.recorder.compact(at, id, log.baseIndex, log.termAt(log.baseIndex) ?? 0)
    }
    terms.length = common + 1
    const fresh: number[] = []
    for (let index = common + 1; index <= log.lastIndex; index++) {
      const term = log.termAt(index) ?? 0
      terms[index] = term
      fresh.push(term)
    }
    if (fresh.length > 0) this.recorder.append(at, id, common + 1, fresh)
  }

  private queueOf(message: Message): number[] {
    const key = `${message.from}>${message.to} ${message.type} ${message.term} ${describeFields(message)}`
    let queue = this.underWay.get(key)
    if (queue === undefined) {
      queue = []
      this.underWay.set(key, queue)
    }
    return queue
  }
}
