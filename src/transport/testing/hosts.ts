/** What the tests of groups are told in: hosts on streams without sockets, which note what reaches them. */
import type { Message } from '../../raft/message.ts'
import { utf8Decode } from '../../util/bytes.ts'
import { Random } from '../../util/random.ts'
import type { TransportCounters } from '../counters.ts'
import type { OutgoingFrame } from '../frame.ts'
import { encodeHello, helloFor, type Purpose } from '../handshake.ts'
import type { TransportLimits } from '../limits.ts'
import { StreamTransport } from '../stream-transport.ts'
import type { Transport, TransportError, TransportHandlers, TransportTrouble } from '../transport.ts'
import { MemoryNetwork, type MemoryPipe } from './memory-network.ts'
import { VirtualClock } from './virtual-clock.ts'

interface StartOptions extends Partial<TransportLimits> {
  readonly admit?: NonNullable<TransportHandlers['admit']>
}

/** What reached a host or a group, and what it is to be started with. */
export interface Notes {
  readonly messages: readonly Message[]
  readonly lost: readonly string[]
  readonly requests: readonly string[]
  readonly troubles: readonly TransportTrouble[]
  readonly snapshot: readonly string[]
  readonly handlers: TransportHandlers
  terms(): number[]
}

export interface Member<T extends Transport = Transport> extends Notes {
  readonly transport: T
  send(message: Message): void
}

export interface Host extends Member<StreamTransport> {
  /** Starts a group. */
  open(name: string, more?: Partial<TransportHandlers>): Promise<Member>
}

export class World {
  readonly clock: VirtualClock = new VirtualClock()
  readonly network: MemoryNetwork = new MemoryNetwork(this.clock)

  /** The newest connection. */
  get pipe(): MemoryPipe {
    const pipe = this.network.pipes.at(-1)
    if (pipe === undefined) throw new Error('nobody has connected')
    return pipe
  }

  transport(id: string, limits: Partial<TransportLimits> = {}): StreamTransport {
    const self = { cluster: 'test', id, incarnation: `disk-${id}`, address: id }
    return new StreamTransport({ ...self, clock: this.clock, random: new Random(1), limits }, this.network)
  }

  /** A host, and what reaches it; `open` starts a group on it. */
  async start(id: string, { admit, ...limits }: StartOptions = {}): Promise<Host> {
    const transport = this.transport(id, limits)
    const open = async (name: string, more: Partial<TransportHandlers> = {}) => member(transport.group(name), more)
    return { ...(await member(transport, admit === undefined ? {} : { admit })), transport, open }
  }
}

/** Starts it, with a record of what reaches it. */
async function member<T extends Transport>(transport: T, more: Partial<TransportHandlers> = {}): Promise<Member<T>> {
  const notes = recorder()
  await transport.start({ ...notes.handlers, ...more })
  return { ...notes, transport, send: (message: Message) => transport.send(message) }
}

export function recorder(): Notes {
  const messages: Message[] = []
  const lost: string[] = []
  const requests: string[] = []
  const troubles: TransportTrouble[] = []
  const snapshot: string[] = []
  const note = (what: string) => async () => void snapshot.push(what)
  const handlers: TransportHandlers = {
    onMessage: (message) => void messages.push(message),
    onRequest: async (_from, body) => {
      requests.push(utf8Decode(body) ?? '')
      return requests.at(-1) === 'hang' ? new Promise<never>(() => {}) : body
    },
    onConnectionLost: (peer) => void lost.push(peer),
    onSnapshot: async () => ({
      offset: 0,
      write: note('write'),
      finish: note('finish'),
      interrupt: () => void snapshot.push('interrupt'),
    }),
    onTrouble: (trouble) => void troubles.push(trouble),
  }
  return { messages, lost, requests, troubles, snapshot, handlers, terms: () => messages.map(({ term }) => term) }
}

/** Two hosts, a having dialled b. */
export async function connected(
  limits: StartOptions = {},
): Promise<{ readonly world: World; readonly a: Host; readonly b: Host }> {
  const world = new World()
  const b = await world.start('b', limits)
  const a = await world.start('a', limits)
  a.transport.setPeers({ b: 'b' })
  await world.clock.advance(1)
  return { world, a, b }
}

/** Host b, and somebody who has dialled it, said hello and then this. */
export async function called(
  purpose: Purpose,
  said: readonly OutgoingFrame[],
  limits: Partial<TransportLimits> = {},
): Promise<{ readonly troubles: readonly TransportTrouble[]; readonly counters: TransportCounters }> {
  const world = new World()
  const b = await world.start('b', limits)
  const connecting = world.network.connect('b')
  await world.clock.advance(0)
  const stream = await connecting
  stream.open({ onData: () => {}, onDrain: () => {}, onClose: () => {} })
  const hello = encodeHello(helloFor({ cluster: 'test', id: 'a', incarnation: 'x' }, 'b', purpose))
  for (const { pieces } of [hello, ...said]) stream.write(pieces)
  await world.clock.advance(1)
  return { troubles: b.troubles, counters: b.transport.counters }
}

export function caught(promise: Promise<unknown>): Promise<TransportError> {
  return promise.then(
    () => Promise.reject(new Error('it succeeded')),
    (error: TransportError) => error,
  )
}
