import { concat } from '../../util/bytes.ts'
import type { Clock } from '../../util/clock.ts'
import type { ByteStream, ByteStreamHandlers, Listener, Network } from '../network.ts'
import { TransportError } from '../transport.ts'

/** Streams of bytes without sockets, for tests: what they carried can be read, held back, and cut. */
export class MemoryNetwork implements Network {
  readonly clock: Clock
  readonly pipes: MemoryPipe[] = []
  dials = 0
  /** What whoever listens has proved to whoever dials. */
  provenByListener: readonly string[] | null = null
  private readonly listeners = new Map<string, (stream: ByteStream) => void>()

  constructor(clock: Clock) {
    this.clock = clock
  }

  async connect(address: string): Promise<ByteStream> {
    this.dials++
    await new Promise<void>((resolve) => this.clock.soon(resolve))
    const accept = this.listeners.get(address)
    if (accept === undefined) throw new Error('connection refused')
    const pipe = new MemoryPipe(this.clock)
    this.pipes.push(pipe)
    pipe.dialled.peerNames = this.provenByListener
    accept(pipe.listening)
    return pipe.dialled
  }

  async listen(address: string, accept: (stream: ByteStream) => void): Promise<Listener> {
    if (this.listeners.has(address)) throw new TransportError('ERR_QUORATE_ADDRESS_IN_USE', `${address} is taken`)
    this.listeners.set(address, accept)
    return { address, close: async () => void this.listeners.delete(address) }
  }

  /** Every connection breaks, and both ends notice. */
  cutAll(): void {
    for (const pipe of this.pipes.splice(0)) pipe.cut('cut')
  }
}

export class MemoryPipe {
  readonly dialled: MemoryStream
  readonly listening: MemoryStream

  constructor(clock: Clock) {
    this.dialled = new MemoryStream(clock, 'listener')
    this.listening = new MemoryStream(clock, 'dialler')
    this.dialled.other = this.listening
    this.listening.other = this.dialled
  }

  cut(reason: string): void {
    this.dialled.break(reason)
    this.listening.break(reason)
  }
}

export class MemoryStream implements ByteStream {
  readonly remote: string
  /** What the other end has proved. */
  peerNames: readonly string[] | null = null
  other: MemoryStream | null = null
  /** Every write, as one piece. */
  readonly writes: Uint8Array[] = []
  /** Nothing that is written here arrives, and nobody is told. */
  isBlackHole = false
  /** Answers every write with "wait", until `drain`. */
  isFull = false
  isClosed = false
  private readonly clock: Clock
  private handlers: ByteStreamHandlers | null = null

  constructor(clock: Clock, remote: string) {
    this.clock = clock
    this.remote = remote
  }

  open(handlers: ByteStreamHandlers): void {
    this.handlers = handlers
  }

  write(pieces: readonly Uint8Array[]): boolean {
    const bytes = concat(pieces)
    this.writes.push(bytes)
    if (!this.isBlackHole) this.clock.soon(() => this.other?.arrive(bytes))
    return !this.isFull
  }

  drain(): void {
    this.isFull = false
    this.handlers?.onDrain()
  }

  close(): void {
    if (this.isClosed) return
    this.isClosed = true
    this.clock.soon(() => this.other?.break('the other end hung up'))
  }

  arrive(bytes: Uint8Array): void {
    if (!this.isClosed) this.handlers?.onData(bytes)
  }

  break(reason: string): void {
    if (this.isClosed) return
    this.isClosed = true
    this.handlers?.onClose(new TransportError('ERR_QUORATE_CONNECTION_LOST', reason))
  }
}
