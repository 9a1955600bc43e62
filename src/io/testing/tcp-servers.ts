/** What the tests of the TCP transport are told in: servers that note what reaches them, rude clients, and a proxy that cuts. */

import { createServer, type Server, type Socket, connect as socketTo } from 'node:net'
import { NOBODY } from '../../raft/configuration.ts'
import type { InstallSnapshot, Message } from '../../raft/message.ts'
import type { TransportStage } from '../../transport/acceptance.ts'
import { encodeHello, encodeWelcome, helloFor, type Purpose } from '../../transport/handshake.ts'
import type { TransportLimits } from '../../transport/limits.ts'
import type { StreamTransport, StreamTransportOptions } from '../../transport/stream-transport.ts'
import type { SnapshotSink, TransportHandlers, TransportTrouble } from '../../transport/transport.ts'
import { concat, utf8Encode } from '../../util/bytes.ts'
import { Random } from '../../util/random.ts'
import { systemClock } from '../system-clock.ts'
import { tcpTransport } from '../tcp-transport.ts'

export const CLUSTER = 'test'
const closing: (() => Promise<void>)[] = []

/** Stops and closes what a test has opened, newest first. */
export async function closeAll(): Promise<void> {
  for (const close of closing.splice(0).reverse()) await close()
}

/** Has `close` called when the test is over. */
export function closeLater(close: () => Promise<void>): void {
  closing.push(close)
}

export function optionsOf(id: string, address: string, limits: Partial<TransportLimits> = {}): StreamTransportOptions {
  const incarnation = `${id}-1`
  return { cluster: CLUSTER, id, incarnation, address, clock: systemClock(), random: new Random(1), limits }
}

export interface TestServer extends Notes {
  readonly id: string
  readonly address: string
  readonly transport: StreamTransport
}

export async function startOne(
  id: string,
  limits: Partial<TransportLimits> = {},
  at = '127.0.0.1:0',
): Promise<TestServer> {
  return startWith(id, tcpTransport(optionsOf(id, at, limits)))
}

/** Starts whatever transport it is, and stops it when the test is over. */
export async function startWith(id: string, transport: StreamTransport): Promise<TestServer> {
  const notes = recorder()
  await transport.start(notes.handlers)
  closing.push(() => transport.stop())
  return Object.assign(notes, { id, transport, address: transport.listeningAt ?? '' })
}

export async function startAll(ids: readonly string[], limits: Partial<TransportLimits> = {}): Promise<TestServer[]> {
  const servers = await Promise.all(ids.map((id) => startOne(id, limits)))
  const addresses = Object.fromEntries(servers.map(({ id, address }) => [id, address]))
  for (const server of servers) server.transport.setPeers(addresses)
  return servers
}

/** What reached a server. */
export interface Notes {
  readonly messages: Message[]
  readonly troubles: TransportTrouble[]
  readonly lost: string[]
  readonly handlers: TransportHandlers
  readonly snapshot: SnapshotNotes
  requests: number
}

export function recorder(): Notes {
  const notes = {
    messages: [] as Message[],
    troubles: [] as TransportTrouble[],
    lost: [] as string[],
    requests: 0,
    snapshot: new SnapshotNotes(),
  }
  const handlers: TransportHandlers = {
    onMessage: (message) => void notes.messages.push(message),
    onRequest: async (_from, body) => {
      notes.requests++
      return body
    },
    onConnectionLost: (peer) => void notes.lost.push(peer),
    onSnapshot: async () => notes.snapshot.sink(),
    onTrouble: (trouble) => void notes.troubles.push(trouble),
  }
  return Object.assign(notes, { handlers })
}

/** Counts instead of keeping 50 MB; every byte must be the number of its 64 KiB. */
export class SnapshotNotes {
  received = 0
  finished = 0
  interruptions = 0
  wrong = 0
  private holdBehind = Number.POSITIVE_INFINITY
  private onReached: () => void = () => {}
  private gate: Promise<void> = Promise.resolve()

  holdAt(offset: number): { readonly reached: Promise<void>; open(): void } {
    this.holdBehind = offset
    let open = (): void => {}
    this.gate = new Promise((resolve) => {
      open = resolve
    })
    const reached = new Promise<void>((resolve) => {
      this.onReached = resolve
    })
    return { reached, open: () => open() }
  }

  sink(): SnapshotSink {
    return {
      offset: this.received,
      write: async (chunk: Uint8Array) => {
        if (chunk[0] !== (Math.floor(this.received / 65_536) & 0xff)) this.wrong++
        this.received += chunk.length
        if (this.received < this.holdBehind) return
        this.onReached()
        await this.gate
      },
      finish: async () => void this.finished++,
      interrupt: () => void this.interruptions++,
    }
  }
}

export function timeoutNow(from: string, to: string): Message {
  return { type: 'TimeoutNow', from, to, term: 1 }
}

export function installSnapshot(): InstallSnapshot {
  const configuration = { ...NOBODY, voters: ['a', 'b'] }
  const place = { term: 2, lastIncludedIndex: 7, lastIncludedTerm: 1, session: 1 }
  return { type: 'InstallSnapshot', from: 'a', to: 'b', ...place, configuration }
}

/** Large by its configuration: 200 servers with long names. */
export function bigMessage(from: string, to: string, size: number): Message {
  const voters = Array.from({ length: 200 }, (_, i) => `${i}`.padStart(size / 200, 'x'))
  return { ...installSnapshot(), from, to, configuration: { ...NOBODY, voters } }
}

export function greeting(from: string, to: string, purpose: Purpose = 'messages'): Uint8Array {
  return concat(encodeHello(helloFor({ cluster: CLUSTER, id: from, incarnation: 'x' }, to, purpose)).pieces)
}

export interface RudeClient {
  readonly socket: Socket
  readonly closed: Promise<void>
  /** The first bytes from the server. */
  readonly answered: Promise<Uint8Array>
}

/** A socket of the test's own, on which it may say what it likes. */
export async function dial(address: string): Promise<RudeClient> {
  const { host, port } = hostAndPort(address)
  return rudeClient(socketTo({ host, port }), 'connect')
}

/** Any socket, once it is connected or closed. */
export async function rudeClient(socket: Socket, connectedEvent: 'connect' | 'secureConnect'): Promise<RudeClient> {
  socket.on('error', () => {})
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()))
  const answered = new Promise<Uint8Array>((resolve) => socket.once('data', resolve))
  closing.push(async () => void socket.destroy())
  await Promise.race([new Promise<void>((resolve) => socket.once(connectedEvent, () => resolve())), closed])
  return { socket, closed, answered }
}

/** A peer that says Welcome, as a real one recorded it, and reads nothing after that. */
export async function startDeafPeer(
  id: string,
): Promise<{ readonly address: string; readonly greeted: Promise<void> }> {
  const welcome = concat(encodeWelcome({ version: 1, cluster: CLUSTER, id, incarnation: 'x' }).pieces)
  let onGreeted = (): void => {}
  const greeted = new Promise<void>((resolve) => {
    onGreeted = resolve
  })
  const address = await serve((socket) => {
    socket.once('data', () => {
      socket.pause()
      socket.write(welcome)
      setTimeout(onGreeted, 50)
    })
  })
  return { address, greeted }
}

/** Forwards bytes both ways until it is told to cut. */
export async function startProxy(target: string): Promise<{ readonly address: string; cut(): void }> {
  const sockets = new Set<Socket>()
  const address = await serve((incoming) => {
    const outgoing = socketTo(hostAndPort(target))
    for (const [one, other] of [
      [incoming, outgoing],
      [outgoing, incoming],
    ] as const) {
      sockets.add(one)
      one.on('error', () => {})
      one.on('close', () => {
        sockets.delete(one)
        other.destroy()
      })
    }
    incoming.pipe(outgoing)
    outgoing.pipe(incoming)
  })
  const cut = (): void => {
    for (const socket of sockets) socket.destroy()
  }
  return { address, cut }
}

export async function serve(onSocket: (socket: Socket) => void): Promise<string> {
  const sockets = new Set<Socket>()
  const server: Server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    onSocket(socket)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  closing.push(async () => {
    for (const socket of sockets) socket.destroy()
    await new Promise((resolve) => server.close(resolve))
  })
  const address = server.address()
  return `127.0.0.1:${typeof address === 'object' ? address?.port : 0}`
}

export function hostAndPort(address: string): { host: string; port: number } {
  const [host, port] = address.split(':')
  return { host: host ?? '', port: Number(port) }
}

/** A newcomer is served as if nothing had happened. */
export async function expectWell(server: TestServer): Promise<void> {
  const visitor = await startOne('visitor')
  visitor.transport.setPeers({ [server.id]: server.address })
  await eventually(() => visitor.transport.request(server.id, utf8Encode('well?'), 1000))
}

export async function eventually(act: () => Promise<unknown>): Promise<void> {
  const deadline = performance.now() + 10_000
  for (;;) {
    try {
      await act()
      return
    } catch (error) {
      if (performance.now() > deadline) throw error
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
  }
}

export async function until(condition: () => boolean): Promise<void> {
  await eventually(async () => {
    if (!condition()) throw new Error('waited in vain')
  })
}

/** Two transports that reach each other through proxies, so that a test can cut what is between them. */
export function socketStage(
  open: (options: StreamTransportOptions) => StreamTransport | Promise<StreamTransport>,
): TransportStage {
  const cuts: (() => void)[] = []
  return {
    clock: systemClock(),
    open: async (handlers) => {
      const transports: { [id: string]: StreamTransport } = {}
      const addresses: { [id: string]: string } = {}
      for (const [id, handler] of Object.entries(handlers)) {
        const transport = await open(optionsOf(id, '127.0.0.1:0'))
        await transport.start(handler)
        closing.push(() => transport.stop())
        const proxy = await startProxy(transport.listeningAt ?? '')
        cuts.push(proxy.cut)
        transports[id] = transport
        addresses[id] = proxy.address
      }
      for (const transport of Object.values(transports)) transport.setPeers(addresses)
      return transports
    },
    hangUp: () => {
      for (const cut of cuts) cut()
    },
    close: closeAll,
  }
}
