/**
 * A connection of the simulated network, as each of its ends sees it. Bytes arrive in order or not at all, as under TCP:
 * while the link is down they wait, as retransmission makes them. What breaks is the connection, and then both ends hear
 * of it, or one of them, or none.
 */
import type { ByteStream, ByteStreamHandlers } from '../../transport/network.ts'
import { TransportError } from '../../transport/transport.ts'
import { concat } from '../../util/bytes.ts'
import type { Cancel } from '../../util/clock.ts'
import type { Host } from '../host.ts'
import type { World } from '../world.ts'
import type { Link } from './link.ts'

/** What the two systems buffer for one direction; whoever has more to say must wait. */
const BUFFER_BYTES = 256 * 1024

/** What has been written and has not arrived. */
type Parcel = { readonly bytes: Uint8Array } | 'end'

/** Told of what the network does to streams, so that it can be counted. */
export interface StreamFaults {
  cut(from: string, to: string): void
  corrupted(from: string, to: string): void
}

export class SimStream implements ByteStream {
  readonly remote: string
  readonly peerNames = null
  /** The other end; set by whoever made both. */
  other!: SimStream
  private readonly world: World
  private readonly host: Host
  private readonly life: number
  /** From here to the other end. */
  private readonly link: Link
  private readonly faults: StreamFaults
  private handlers: ByteStreamHandlers | null = null
  private isClosed = false
  private lastArrival = 0
  private bytesUnderWay = 0
  private isFull = false
  private stuck: Parcel[] | null = null
  /** On a slow link: what is on its way, in order. */
  private slow: { readonly parcel: Parcel; readonly cancel: Cancel }[] = []

  constructor(world: World, host: Host, remote: string, link: Link, faults: StreamFaults) {
    this.world = world
    this.host = host
    this.life = host.life
    this.remote = remote
    this.link = link
    this.faults = faults
  }

  open(handlers: ByteStreamHandlers): void {
    this.handlers = handlers
  }

  write(pieces: readonly Uint8Array[]): boolean {
    if (this.isClosed || this.life !== this.host.life) return true
    const bytes = concat(pieces)
    this.bytesUnderWay += bytes.length
    this.send({ bytes })
    this.isFull = this.bytesUnderWay > BUFFER_BYTES
    return !this.isFull
  }

  close(): void {
    if (this.isClosed) return
    this.isClosed = true
    if (this.life === this.host.life) this.send('end')
  }

  /** The process has died, the machine lives: its system resets the connection. */
  reset(): void {
    const { world, link, other } = this
    this.isClosed = true
    if (link.state.isUp) world.scheduleArrival(link.delay(world.now(), 0), other.host, () => other.break('reset'))
  }

  /** The connection ended, and this end is told. */
  break(reason: string): void {
    if (this.isClosed || this.life !== this.host.life) return
    this.isClosed = true
    this.handlers?.onClose(new TransportError('ERR_QUORATE_CONNECTION_LOST', reason))
  }

  private send(parcel: Parcel): void {
    if (this.stuck !== null) this.stuck.push(parcel)
    else if (this.link.state.isUp) this.launch(parcel)
    else this.waitForLink(parcel)
  }

  private waitForLink(parcel: Parcel): void {
    this.stuck = [parcel]
    this.link.waiting.push(() => {
      const { stuck } = this
      this.stuck = null
      for (const one of stuck ?? []) this.launch(one)
    })
  }

  private launch(parcel: Parcel): void {
    const { world, link, other } = this
    const now = world.now()
    const delayMs = link.delay(now, parcel === 'end' ? 0 : parcel.bytes.length)
    this.lastArrival = Math.max(this.lastArrival, now + delayMs)
    if (link.state.bytesPerMs === Number.POSITIVE_INFINITY) {
      world.scheduleArrival(this.lastArrival - now, other.host, () => this.arrive(parcel))
      return
    }
    const cancel = world.scheduleArrival(this.lastArrival - now, other.host, () => {
      this.slow.shift()
      this.arrive(parcel)
    })
    this.slow.push({ parcel, cancel })
    link.queued.add(this.launchAgain)
  }

  /** The link has become quicker. */
  private readonly launchAgain = (): void => {
    const { slow } = this
    this.slow = []
    this.lastArrival = this.world.now()
    for (const { parcel, cancel } of slow) {
      cancel()
      this.launch(parcel)
    }
  }

  /** In the other end's process. */
  private arrive(parcel: Parcel): void {
    const { other, link } = this
    if (parcel === 'end') {
      other.break('the other end hung up')
      return
    }
    this.noteArrived(parcel.bytes.length)
    if (!other.isAlive) {
      // A machine that knows nothing of the connection says so; one that is off says nothing.
      if (other.host.isUp) other.reset()
      return
    }
    const { cutChance, corruptChance } = link.state
    if (cutChance > 0 && link.random.chance(cutChance)) this.cut(parcel.bytes)
    else other.handlers?.onData(corruptChance > 0 ? this.maybeCorrupt(parcel.bytes, corruptChance) : parcel.bytes)
  }

  private get isAlive(): boolean {
    return !this.isClosed && this.life === this.host.life
  }

  /** In the middle of a frame, or wherever it happens to be. */
  private cut(bytes: Uint8Array): void {
    const { other, link } = this
    this.faults.cut(link.from, link.to)
    other.handlers?.onData(bytes.subarray(0, link.random.below(bytes.length)))
    other.break('reset')
    this.world.scheduleArrival(link.state.minDelayMs, this.host, () => this.break('reset'))
  }

  private maybeCorrupt(bytes: Uint8Array, chance: number): Uint8Array {
    const { random, from, to } = this.link
    if (!random.chance(chance)) return bytes
    this.faults.corrupted(from, to)
    const copy = bytes.slice()
    const place = random.below(copy.length)
    copy[place] = (copy[place] as number) ^ (1 << random.below(8))
    return copy
  }

  private noteArrived(bytes: number): void {
    this.bytesUnderWay -= bytes
    if (!this.isFull || this.bytesUnderWay > BUFFER_BYTES / 2) return
    this.isFull = false
    this.world.scheduleArrival(this.link.state.minDelayMs, this.host, () => {
      if (this.isAlive) this.handlers?.onDrain()
    })
  }
}
