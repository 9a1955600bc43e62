/**
 * What can be seen of a run while it happens. Observers look on and never act; what they throw as a BrokenProperty ends
 * the run.
 */
import type { Message } from '../../raft/message.ts'
import type { Raft } from '../../raft/raft.ts'
import type { BootState, PersistBatch, Ready, SnapshotMeta } from '../../raft/ready.ts'
import type { RaftInput } from '../../raft/watched-raft.ts'
import type { CommittedEntry } from '../../runtime/state-machine.ts'
import type { SimServer } from '../sim-server.ts'

/** A property of `properties.ts` does not hold. */
export class BrokenProperty extends Error {
  override readonly name = 'BrokenProperty'
  readonly code = 'ERR_QUORATE_SIM_BROKEN_PROPERTY'
  readonly property: string
  readonly server: string | null

  constructor(property: string, server: string | null, detail: string) {
    super(`${property}: ${server === null ? '' : `${server} `}${detail}`)
    this.property = property
    this.server = server
  }
}

/** How an operation ended for its client: it happened, certainly not, or nobody can tell. */
export type Outcome = 'ok' | 'fail' | 'info'

/** Every method is optional; each is told of one thing, at the moment when it happens. */
export interface Observer {
  /** The disk was read; the core does not exist yet. */
  opened?(server: SimServer, boot: BootState): void
  booted?(server: SimServer, raft: Raft): void
  told?(server: SimServer, raft: Raft, input: RaftInput): void
  readied?(server: SimServer, raft: Raft, ready: Ready): void
  /** Handed to the log, in this order. */
  written?(server: SimServer, batches: readonly PersistBatch[]): void
  /** The log has confirmed these, in the order in which they were written. */
  durable?(server: SimServer, batches: readonly PersistBatch[]): void
  /** The log has refused these for want of room: they will be written again. */
  refused?(server: SimServer, batches: readonly PersistBatch[]): void
  /** A message leaves. */
  sent?(server: SimServer, message: Message): void
  /** A message is handed to the server. */
  arrived?(server: SimServer, message: Message): void
  /** A message will not be handed over, or not now. */
  lost?(server: SimServer, message: Message, how: 'lost' | 'late' | 'copied'): void
  applied?(server: SimServer, entries: readonly CommittedEntry[], answers: readonly Uint8Array[]): void
  /** The state machine holds a snapshot up to this entry. */
  restored?(server: SimServer, index: number, bytes: Uint8Array): void
  /** A snapshot was taken as of this entry. */
  snapshotTaken?(server: SimServer, index: number, bytes: Uint8Array): void
  /** A whole snapshot goes to the disk, taken here or sent by a leader: sessions, then the state machine's bytes. */
  snapshotStored?(server: SimServer, meta: SnapshotMeta, bytes: Uint8Array): void
  paused?(server: SimServer, isPaused: boolean): void
  /** One direction between two servers comes up or goes down. */
  linked?(from: string, to: string, isUp: boolean): void
  /** A life ended: `how` says by what. */
  ended?(server: SimServer, how: string): void
  /** A fault or an operator's doing begins, or ends. */
  happened?(what: string, server: SimServer | null, isEnd: boolean): void
  invoked?(client: number, operation: number, text: string): void
  returned?(client: number, operation: number, outcome: Outcome, text: string): void
}

type Listeners = { readonly [Hook in keyof Observer]-?: readonly Required<Pick<Observer, Hook>>[] }

/**
 * All observers of a run, as one. A broken property is told to `onBroken` first, because the code that is watched may
 * swallow what it thinks is its own: a snapshot that fails is tried again.
 */
export class Observers implements Required<Observer> {
  private readonly by: Listeners
  private readonly onBroken: (error: BrokenProperty) => void

  constructor(all: readonly Observer[], onBroken: (error: BrokenProperty) => void) {
    this.by = listenersOf(all)
    this.onBroken = onBroken
  }

  opened(server: SimServer, boot: BootState): void {
    try {
      for (const one of this.by.opened) one.opened(server, boot)
    } catch (error) {
      throw this.caught(error)
    }
  }

  booted(server: SimServer, raft: Raft): void {
    try {
      for (const one of this.by.booted) one.booted(server, raft)
    } catch (error) {
      throw this.caught(error)
    }
  }

  told(server: SimServer, raft: Raft, input: RaftInput): void {
    try {
      for (const one of this.by.told) one.told(server, raft, input)
    } catch (error) {
      throw this.caught(error)
    }
  }

  readied(server: SimServer, raft: Raft, ready: Ready): void {
    try {
      for (const one of this.by.readied) one.readied(server, raft, ready)
    } catch (error) {
      throw this.caught(error)
    }
  }

  written(server: SimServer, batches: readonly PersistBatch[]): void {
    try {
      for (const one of this.by.written) one.written(server, batches)
    } catch (error) {
      throw this.caught(error)
    }
  }

  durable(server: SimServer, batches: readonly PersistBatch[]): void {
    try {
      for (const one of this.by.durable) one.durable(server, batches)
    } catch (error) {
      throw this.caught(error)
    }
  }

  refused(server: SimServer, batches: readonly PersistBatch[]): void {
    try {
      for (const one of this.by.refused) one.refused(server, batches)
    } catch (error) {
      throw this.caught(error)
    }
  }

  sent(server: SimServer, message: Message): void {
    try {
      for (const one of this.by.sent) one.sent(server, message)
    } catch (error) {
      throw this.caught(error)
    }
  }

  arrived(server: SimServer, message: Message): void {
    try {
      for (const one of this.by.arrived) one.arrived(server, message)
    } catch (error) {
      throw this.caught(error)
    }
  }

  lost(server: SimServer, message: Message, how: 'lost' | 'late' | 'copied'): void {
    try {
      for (const one of this.by.lost) one.lost(server, message, how)
    } catch (error) {
      throw this.caught(error)
    }
  }

  applied(server: SimServer, entries: readonly CommittedEntry[], answers: readonly Uint8Array[]): void {
    try {
      for (const one of this.by.applied) one.applied(server, entries, answers)
    } catch (error) {
      throw this.caught(error)
    }
  }

  restored(server: SimServer, index: number, bytes: Uint8Array): void {
    try {
      for (const one of this.by.restored) one.restored(server, index, bytes)
    } catch (error) {
      throw this.caught(error)
    }
  }

  snapshotTaken(server: SimServer, index: number, bytes: Uint8Array): void {
    try {
      for (const one of this.by.snapshotTaken) one.snapshotTaken(server, index, bytes)
    } catch (error) {
      throw this.caught(error)
    }
  }

  snapshotStored(server: SimServer, meta: SnapshotMeta, bytes: Uint8Array): void {
    try {
      for (const one of this.by.snapshotStored) one.snapshotStored(server, meta, bytes)
    } catch (error) {
      throw this.caught(error)
    }
  }

  paused(server: SimServer, isPaused: boolean): void {
    try {
      for (const one of this.by.paused) one.paused(server, isPaused)
    } catch (error) {
      throw this.caught(error)
    }
  }

  linked(from: string, to: string, isUp: boolean): void {
    try {
      for (const one of this.by.linked) one.linked(from, to, isUp)
    } catch (error) {
      throw this.caught(error)
    }
  }

  ended(server: SimServer, how: string): void {
    try {
      for (const one of this.by.ended) one.ended(server, how)
    } catch (error) {
      throw this.caught(error)
    }
  }

  happened(what: string, server: SimServer | null, isEnd: boolean): void {
    try {
      for (const one of this.by.happened) one.happened(what, server, isEnd)
    } catch (error) {
      throw this.caught(error)
    }
  }

  invoked(client: number, operation: number, text: string): void {
    try {
      for (const one of this.by.invoked) one.invoked(client, operation, text)
    } catch (error) {
      throw this.caught(error)
    }
  }

  returned(client: number, operation: number, outcome: Outcome, text: string): void {
    try {
      for (const one of this.by.returned) one.returned(client, operation, outcome, text)
    } catch (error) {
      throw this.caught(error)
    }
  }

  private caught(error: unknown): unknown {
    if (error instanceof BrokenProperty) this.onBroken(error)
    return error
  }
}

/** Each of them by what it wants to hear: most want to hear little, and some of it is said 100,000 times a second. */
function listenersOf(all: readonly Observer[]): Listeners {
  const having = <Hook extends keyof Observer>(hook: Hook): Required<Pick<Observer, Hook>>[] =>
    all.filter((one): one is Observer & Required<Pick<Observer, Hook>> => one[hook] !== undefined)
  return {
    opened: having('opened'),
    booted: having('booted'),
    told: having('told'),
    readied: having('readied'),
    written: having('written'),
    durable: having('durable'),
    refused: having('refused'),
    sent: having('sent'),
    arrived: having('arrived'),
    lost: having('lost'),
    applied: having('applied'),
    restored: having('restored'),
    snapshotTaken: having('snapshotTaken'),
    snapshotStored: having('snapshotStored'),
    paused: having('paused'),
    linked: having('linked'),
    ended: having('ended'),
    happened: having('happened'),
    invoked: having('invoked'),
    returned: having('returned'),
  }
}
