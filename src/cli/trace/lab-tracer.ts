// A run of the lab as a trace: its events, what our own Raft shows of itself, and the commands that the tester hands to
// servers. It only listens, so the run is the same with it and without.
//
// A call of the lab is two messages here. When the reply set out the lab does not say: it is drawn from the moment in
// which the request arrived, which for a handler that answers at once, as ours do, is the truth. What the reply says is
// known only when it arrives, so nothing is recorded before the run is over.

import type { LabEvent } from '../../lab/event.ts'
import type { Command, LabRaft, LabResult, Make, OnStep, RunOptions } from '../../lab/index.ts'
import { type Trace, TraceRecorder } from '../../trace/index.ts'
import { describeFields, describeValue, termOf } from '../describe-event.ts'
import { type Failure, failureOf } from '../run-report.ts'
import { CoreSteps } from './core-steps.ts'

const TESTER = 'tester'

type RpcEvent = Extract<LabEvent, { readonly method: string }>
type Entry = (recorder: TraceRecorder) => void

/** A command that a server took. */
interface Operation {
  readonly id: number
  readonly index: number
  readonly command: Command
}

export class LabTracer {
  private readonly entries: Entry[] = []
  private readonly steps = new CoreSteps(nameOf)
  /** The requests that one server has sent at one time, one behind the other: how many, and where they end. */
  private lastSends = { from: -1, at: 0, count: 0, end: 0 }
  private readonly replies = new Map<number, Uint8Array>()
  private readonly received = new Set<number>()
  private readonly open = new Map<number, Operation[]>()
  private readonly connected = new Set<number>()
  private readonly everConnected = new Set<number>()
  private readonly isCore: boolean
  private now: () => number = () => 0
  private operations = 0

  /** @param isCore whether it is our own Raft that is tested, which can be looked into */
  constructor(isCore: boolean) {
    this.isCore = isCore
  }

  /** The same options, with this one listening. */
  listen(options: RunOptions): RunOptions {
    const { observer, watchSteps } = options
    return {
      ...options,
      make: this.watchStarts(options.make),
      observer: (event) => {
        this.take(event)
        observer?.(event)
      },
      ...(watchSteps === undefined ? {} : { watchSteps: () => this.watch(watchSteps()) }),
    }
  }

  /** The whole run. */
  finish(result: LabResult, command: string): Trace {
    const { test, title, seed, peers, clock, seconds, error } = result
    const servers = Array.from({ length: peers }, (_, server) => nameOf(server))
    const settings = { test, clock, outcome: error === undefined ? 'passed' : 'failed' }
    const header = { title, command, seed: String(seed), servers, clients: [TESTER], settings }
    const recorder = new TraceRecorder(header)
    for (const entry of this.entries) entry(recorder)
    if (error !== undefined) fail(recorder, seconds * 1000, failureOf(error))
    return recorder.trace()
  }

  private watch(check: OnStep): OnStep {
    return (server, core) => {
      // First, so that what breaks a property is in the picture.
      const change = this.steps.changes(server, core, this.now())
      if (change !== null) this.insertBeforeSends(server, change)
      check(server, core)
    }
  }

  /** A step is told when its messages have left. What they say came about before: a leader first leads, then sends. */
  private insertBeforeSends(server: number, change: Entry): void {
    const { from, at, count, end } = this.lastSends
    const areOfThisStep = from === server && at === this.now() && end === this.entries.length
    this.entries.splice(areOfThisStep ? end - count : this.entries.length, 0, change)
  }

  private noteSend(from: number, at: number): void {
    const last = this.lastSends
    const goesOn = last.from === from && last.at === at && last.end === this.entries.length
    this.lastSends = { from, at, count: goesOn ? last.count + 1 : 1, end: this.entries.length + 1 }
  }

  private watchStarts(make: Make): Make {
    return (peers, me, persister, applyCh, env) => {
      this.now = () => env.clock.now()
      const raft = make(peers, me, persister, applyCh, env)
      return { ...asLabRaft(raft), start: (command) => this.started(me, raft, command) }
    }
  }

  private started(server: number, raft: LabRaft, command: Command): ReturnType<LabRaft['start']> {
    const result = raft.start(command)
    const { index, term, isLeader } = result
    if (!isLeader) return result
    const [at, id, name] = [this.now(), ++this.operations, nameOf(server)]
    const waiting = this.open.get(index) ?? []
    waiting.push({ id, index, command })
    this.open.set(index, waiting)
    const text = `${describeValue(command)} to ${name}: index ${index}, term ${term}`
    this.entries.push((recorder) => {
      recorder.invoke(at, TESTER, id, text)
      if (!this.isCore) recorder.role(at, name, 'leader', term, name, null)
    })
    return result
  }

  private take(event: LabEvent): void {
    const at = event.time
    switch (event.kind) {
      case 'rpc sent':
      case 'rpc received':
      case 'rpc replied':
      case 'rpc dropped':
      case 'rpc delayed':
        this.takeRpc(event)
        break
      case 'apply':
        this.applied(at, event.server, event.index, event.command)
        break
      case 'persist':
        this.entries.push((recorder) => {
          recorder.syncBegin(at, nameOf(event.server))
          recorder.syncEnd(at, nameOf(event.server))
        })
        break
      case 'tester':
        this.entries.push((recorder) => recorder.note(at, event.text))
        break
      case 'warning':
        this.entries.push((recorder) => recorder.fault(at, null, event.text))
        break
      case 'connect':
      case 'disconnect':
      case 'crash':
      case 'start':
        this.live(event.kind, at, event.server)
        break
      case 'apply snapshot':
        this.entries.push((recorder) => this.advance(recorder, at, event.server, event.index))
        break
      case 'log':
        break
    }
  }

  private live(kind: 'connect' | 'disconnect' | 'crash' | 'start', at: number, server: number): void {
    const name = nameOf(server)
    if (kind === 'crash') this.entries.push((recorder) => recorder.crash(at, name))
    else if (kind === 'start') this.entries.push((recorder) => recorder.start(at, name))
    else this.cut(kind, at, server)
  }

  /** The lab cuts a server off from all others, and joins it to those that are not cut off. */
  private cut(kind: 'connect' | 'disconnect', at: number, server: number): void {
    const isFirst = !this.everConnected.has(server)
    this.everConnected.add(server)
    const others = kind === 'disconnect' ? [...this.everConnected] : [...this.connected]
    if (kind === 'disconnect') this.connected.delete(server)
    else this.connected.add(server)
    if (isFirst) return
    const name = nameOf(server)
    this.entries.push((recorder) => {
      recorder.fault(at, name, kind === 'disconnect' ? 'disconnected' : 'connected again')
      for (const other of others) {
        if (other === server) continue
        recorder.link(at, name, nameOf(other), kind === 'disconnect' ? 'down' : 'up')
        recorder.link(at, nameOf(other), name, kind === 'disconnect' ? 'down' : 'up')
      }
    })
  }

  private takeRpc(event: RpcEvent): void {
    const { time: at, call, from, to } = event
    // Neither the tester's own calls nor those to nowhere have a lane.
    if (from < 0 || to < 0) return
    const [request, reply] = [2 * call, 2 * call + 1]
    const type = event.method.slice(event.method.lastIndexOf('.') + 1)
    const [caller, callee] = [nameOf(from), nameOf(to)]
    switch (event.kind) {
      case 'rpc sent': {
        const { body } = event
        this.noteSend(from, at)
        this.entries.push((recorder) => recorder.send(at, request, caller, callee, type, termOf(body), fieldsOf(body)))
        break
      }
      case 'rpc received':
        this.received.add(call)
        this.entries.push((recorder) => {
          recorder.arrive(at, request)
          const body = this.replies.get(call)
          const fields = body === undefined ? '' : fieldsOf(body)
          recorder.send(at, reply, callee, caller, `${type}Reply`, body === undefined ? 0 : termOf(body), fields)
        })
        break
      case 'rpc replied':
        this.replies.set(call, event.body)
        this.entries.push((recorder) => recorder.arrive(at, reply))
        break
      case 'rpc dropped': {
        const lost = this.received.has(call) ? reply : request
        this.entries.push((recorder) => recorder.lose(at, lost, event.reason))
        break
      }
      case 'rpc delayed':
        break
    }
  }

  /** What our own Raft has applied it says itself. */
  private advance(recorder: TraceRecorder, at: number, server: number, index: number): void {
    if (this.isCore) return
    recorder.commit(at, nameOf(server), index)
    recorder.apply(at, nameOf(server), index)
  }

  /** The first server that applies an index decides what became of the commands that were to stand there. */
  private applied(at: number, server: number, index: number, command: Command): void {
    const waiting = this.open.get(index) ?? []
    this.open.delete(index)
    this.entries.push((recorder) => {
      this.advance(recorder, at, server, index)
      for (const operation of waiting) {
        const isIt = operation.command === command
        const text = isIt ? `committed at ${index}` : `another command stands at ${index}`
        recorder.return(at, operation.id, isIt ? 'ok' : 'fail', text)
      }
    })
  }
}

/** The term has a place of its own. */
function fieldsOf(body: Uint8Array): string {
  return describeFields(body)
    .replace(/^ term \d+/i, '')
    .trim()
}

function nameOf(server: number): string {
  return `S${server}`
}

/** Methods of a class are no own properties: they are called on the instance itself. */
function asLabRaft(raft: LabRaft): LabRaft {
  return {
    handlers: raft.handlers,
    start: (command) => raft.start(command),
    getState: () => raft.getState(),
    snapshot: (index, snapshot) => raft.snapshot(index, snapshot),
    condInstallSnapshot: (term, index, snapshot) => raft.condInstallSnapshot(term, index, snapshot),
    kill: () => raft.kill(),
    killed: () => raft.killed(),
  }
}

function fail(recorder: TraceRecorder, at: number, { message, property }: Failure): void {
  const server = /^server (\d+) threw/.exec(message)?.[1]
  // The lab says who threw what and when, and then the invariant's own words, which begin with its name.
  const detail = property === null ? message : message.slice(message.lastIndexOf(`${property}: `) + property.length + 2)
  const name = server === undefined ? null : nameOf(Number(server))
  recorder.violation(at, property ?? "the test's expectation", detail, name)
}
