/**
 * Shows the servers of a cluster to the specification, step by step. It has to be told of every input of every server,
 * directly after it: what a server says lies in its outbox until the turn's end, and what was there before is known.
 */
import type { Entry, ServerId } from '../raft/entry.ts'
import type { Message } from '../raft/message.ts'
import type { RaftOptions } from '../raft/options.ts'
import type { Raft } from '../raft/raft.ts'
import type { Outgoing, ReadState, Ready, SendSnapshot } from '../raft/ready.ts'
import type { RaftInput, RaftWatcher } from '../raft/watched-raft.ts'
import type { SpecOptions } from '../spec/options.ts'
import { Specification } from '../spec/specification.ts'
import type { DiskInView, Input, Said } from '../spec/step.ts'
import { identityOf, RaftView } from './view.ts'

/** How much of the turn's effects has been shown. */
interface Shown {
  readonly view: RaftView
  messages: number
  snapshots: number
  reads: number
}

/** What a turn has brought forth by now, or in the end. */
type Effects = Pick<Ready, 'messages' | 'snapshots' | 'reads'>

/** Which extensions of the dissertation's are in use under these options; what is left out has the core's default. */
export function extensionsOf({ preVote = true, leaseReads = false }: Partial<RaftOptions> = {}): SpecOptions {
  return { preVote, leaseReads }
}

/** One for a cluster. As a RaftWatcher it throws SpecViolation for what is no step of Raft's. */
export class RaftObserver implements RaftWatcher {
  readonly specification: Specification
  private readonly shown = new Map<ServerId, Shown>()

  /** `history: 'none'` for who goes back in time, and judges each server by itself alone. */
  constructor(options: SpecOptions = {}, history: 'history' | 'none' = 'history') {
    const identify = (entry: unknown): number => identityOf(entry as Entry)
    this.specification = new Specification({ identify, ...options }, history)
  }

  /** A server has started, with what its disk held. */
  booted(raft: Raft): void {
    this.begin(raft)
    this.saw(raft, { type: 'boot' })
  }

  /** A server is looked at in the middle of its life, as if for the first time. What is said already is not asked. */
  adopt(raft: Raft, disk: DiskInView | null = null): void {
    const { id, outbox } = raft.inspect()
    const shown = this.shownOf(raft)
    shown.messages = outbox.messages.length
    shown.snapshots = outbox.snapshots.length
    shown.reads = outbox.reads.length
    this.specification.adopt(id, shown.view, disk)
  }

  /** What a WatchedRaft has seen. */
  told(raft: Raft, input: RaftInput): void {
    this.saw(raft, inputOf(input))
  }

  /** A message was stepped. */
  received(raft: Raft, message: Message): void {
    this.saw(raft, { type: 'receive', message })
  }

  /** This input was handled; call it before the next. @throws SpecViolation */
  saw(raft: Raft, input: Input): void {
    this.show(raft, input, raft.inspect().outbox)
  }

  /** The turn is over: these are all its effects. @throws SpecViolation */
  readied(raft: Raft, ready: Ready): void {
    this.show(raft, { type: 'other' }, ready)
    const shown = this.shownOf(raft)
    shown.messages = 0
    shown.snapshots = 0
    shown.reads = 0
  }

  private begin(raft: Raft): Shown {
    const shown = { view: new RaftView(raft), messages: 0, snapshots: 0, reads: 0 }
    this.shown.set(raft.inspect().id, shown)
    return shown
  }

  private shownOf(raft: Raft): Shown {
    const shown = this.shown.get(raft.inspect().id)
    return shown?.view.raft === raft ? shown : this.begin(raft)
  }

  private show(raft: Raft, input: Input, { messages, snapshots, reads }: Effects): void {
    const server = raft.inspect().id
    const shown = this.shownOf(raft)
    const said = saidSince(server, messages, shown.messages, snapshots, shown.snapshots)
    const answers: readonly ReadState[] = reads.length > shown.reads ? reads.slice(shown.reads) : NONE
    shown.messages = messages.length
    shown.snapshots = snapshots.length
    shown.reads = reads.length
    this.specification.step({ server, input, after: shown.view, said, reads: answers })
  }
}

const NONE: readonly never[] = []

/** An input in the specification's words. */
function inputOf(input: RaftInput): Input {
  switch (input.type) {
    case 'step':
      return { type: 'receive', message: input.message }
    case 'persisted':
      return { type: 'durable', write: input.seq }
    case 'snapshotTaken':
      return SNAPSHOT
    case 'read':
    case 'tick':
    case 'propose':
    case 'change':
    case 'transfer':
    case 'other':
      return input as Input
  }
}

const SNAPSHOT: Input = { type: 'snapshot' }

function saidSince(
  from: ServerId,
  messages: readonly Outgoing[],
  firstMessage: number,
  snapshots: readonly SendSnapshot[],
  firstSnapshot: number,
): readonly Said[] {
  if (messages.length === firstMessage && snapshots.length === firstSnapshot) return NONE
  const said: Said[] = messages.slice(firstMessage)
  for (let i = firstSnapshot; i < snapshots.length; i++) said.push(installSnapshot(from, snapshots[i] as SendSnapshot))
  return said
}

/** The driver makes this message of the effect, and brings it over with the snapshot's bytes. */
function installSnapshot(from: ServerId, { to, term, session, meta }: SendSnapshot): Said {
  const { index: lastIncludedIndex, term: lastIncludedTerm, configuration } = meta
  const message = { type: 'InstallSnapshot', from, to, term, session, configuration } as const
  return { message: { ...message, lastIncludedIndex, lastIncludedTerm }, after: 0 }
}
