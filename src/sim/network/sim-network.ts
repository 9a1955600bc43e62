/** The simulated network: who listens where, and connections between processes over links that can fail. */
import type { ByteStream, Listener, Network } from '../../transport/network.ts'
import { TransportError } from '../../transport/transport.ts'
import type { Host } from '../host.ts'
import type { World } from '../world.ts'
import type { Links } from './link.ts'
import { SimStream, type StreamFaults } from './sim-stream.ts'

/** How soon a first packet that was lost is sent again. */
const RETRY_MS = 50

interface Listening {
  readonly host: Host
  readonly life: number
  readonly accept: (stream: ByteStream) => void
}

/** Somebody who dials, in one of his lives. */
interface Call {
  readonly from: Host
  readonly life: number
  readonly address: string
  /** Nobody waits for the answer any more. */
  readonly isOver: () => boolean
  /** Null: refused. */
  readonly answer: (stream: SimStream | null) => void
}

export class SimNetwork {
  readonly links: Links
  private readonly world: World
  private readonly faults: StreamFaults
  private readonly machines = new Map<string, Host>()
  private readonly listeners = new Map<string, Listening>()
  private streams: { readonly host: Host; readonly life: number; readonly stream: SimStream }[] = []

  constructor(world: World, links: Links, faults: StreamFaults) {
    this.world = world
    this.links = links
    this.faults = faults
  }

  /** The network as this life of the process sees it. Addresses are `name:port`. */
  of(host: Host): Network {
    this.machines.set(host.name, host)
    return {
      connect: (address, timeoutMs) => this.connect(host, address, timeoutMs),
      listen: async (address, accept) => this.listen(host, address, accept),
    }
  }

  /** The process is killed, and its system says so at the other end of each of its connections. */
  resetAll(host: Host): void {
    const theirs = this.streams.filter((one) => one.host === host)
    this.streams = this.streams.filter((one) => one.host !== host)
    for (const { stream } of theirs) stream.reset()
  }

  /** The connections between two servers break, and both notice. */
  hangUp(one: string, other: string): void {
    for (const { host, stream } of this.streams) {
      const [from, to] = [host.name, stream.remote]
      if ((from === one && to === other) || (from === other && to === one)) stream.break('reset')
    }
  }

  private listen(host: Host, address: string, accept: (stream: ByteStream) => void): Listener {
    const taken = this.listeners.get(address)
    if (taken !== undefined && taken.life === taken.host.life)
      throw new TransportError('ERR_QUORATE_ADDRESS_IN_USE', `${address} is taken`)
    const listening = { host, life: host.life, accept }
    this.listeners.set(address, listening)
    return {
      address,
      close: async () => {
        if (this.listeners.get(address) === listening) this.listeners.delete(address)
      },
    }
  }

  private connect(host: Host, address: string, timeoutMs: number): Promise<ByteStream> {
    // What is left of a process that has died dials nobody.
    if (!host.isUp) return new Promise(() => {})
    return new Promise((resolve, reject) => {
      let isOver = false
      const giveUp = this.world.scheduleFor(timeoutMs, host, true, () => {
        isOver = true
        reject(silence(address, timeoutMs))
      })
      const answer = (stream: SimStream | null): void => {
        if (isOver) {
          stream?.close()
          return
        }
        giveUp()
        if (stream === null) reject(refused(address))
        else resolve(stream)
      }
      this.dial({ from: host, life: host.life, address, isOver: () => isOver, answer }, RETRY_MS)
    })
  }

  /** The first packet, again and again until it gets there or nobody wants to know any more. */
  private dial(call: Call, pauseMs: number): void {
    const { world } = this
    const { from, address, isOver } = call
    const [name = ''] = address.split(':')
    const there = this.links.of(from.name, name)
    const machine = this.machines.get(name)
    if (machine?.isUp === true && there.state.isUp) {
      world.scheduleArrival(there.delay(world.now(), 0), machine, () => this.knock(call, machine))
      return
    }
    world.scheduleFor(pauseMs, from, true, () => {
      if (!isOver()) this.dial(call, pauseMs * 2)
    })
  }

  /**
   * At the machine that was dialled. The answer goes back over the link, and waits if that is down. Whoever dialled and
   * has died meanwhile is not called back: what was left of him would go on as if it lived.
   */
  private knock({ from, life, address, answer }: Call, machine: Host): void {
    const { world } = this
    if (from.life !== life) return
    const back = this.links.of(machine.name, from.name)
    const tell = (stream: SimStream | null): void => {
      world.scheduleArrival(back.delay(world.now(), 0), from, () => {
        if (from.life === life) answer(stream)
        else stream?.other.reset()
      })
    }
    if (!machine.isUp) return
    const listening = this.listeners.get(address)
    const isListening = listening !== undefined && listening.life === machine.life
    let stream: SimStream | null = null
    if (isListening) {
      const [dialled, accepted] = this.join(from, machine)
      listening.accept(accepted)
      stream = dialled
    }
    if (back.state.isUp) tell(stream)
    else back.waiting.push(() => tell(stream))
  }

  private join(dialler: Host, machine: Host): [SimStream, SimStream] {
    const { world, links, faults } = this
    const dialled = new SimStream(world, dialler, machine.name, links.of(dialler.name, machine.name), faults)
    const accepted = new SimStream(world, machine, dialler.name, links.of(machine.name, dialler.name), faults)
    dialled.other = accepted
    accepted.other = dialled
    this.streams = this.streams.filter(({ host, life }) => host.life === life)
    this.streams.push({ host: dialler, life: dialler.life, stream: dialled })
    this.streams.push({ host: machine, life: machine.life, stream: accepted })
    return [dialled, accepted]
  }
}

function silence(address: string, timeoutMs: number): TransportError {
  return new TransportError('ERR_QUORATE_UNREACHABLE', `${address} did not answer within ${timeoutMs} ms`)
}

function refused(address: string): TransportError {
  return new TransportError('ERR_QUORATE_UNREACHABLE', `${address} refused the connection`)
}
