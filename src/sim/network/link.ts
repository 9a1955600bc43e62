/**
 * One direction between two servers: what the packets meet on their way. A link that is down is silent, as a cut cable
 * is; who sends notices nothing until some time-out of its own.
 */
import { Random } from '../../util/random.ts'

/** How one direction behaves at the moment. Times in milliseconds. */
export interface LinkState {
  readonly isUp: boolean
  readonly minDelayMs: number
  readonly maxDelayMs: number
  /** What it carries; Infinity: more than anybody sends. */
  readonly bytesPerMs: number
  /** How often a piece of a stream arrives only in part, and the connection is reset. */
  readonly cutChance: number
  /** How often a byte of a piece is another one when it arrives. */
  readonly corruptChance: number
  /** How often a message that has arrived is lost all the same. */
  readonly lossChance: number
  /** How often it comes twice, the second time late. */
  readonly copyChance: number
  /** How often it comes late: others overtake it. */
  readonly lateChance: number
  /** What late means: up to so much. */
  readonly lateMs: number
}

/** A cable of a few meters. */
export const CALM_LINK: LinkState = {
  isUp: true,
  minDelayMs: 0.2,
  maxDelayMs: 1,
  bytesPerMs: Number.POSITIVE_INFINITY,
  cutChance: 0,
  corruptChance: 0,
  lossChance: 0,
  copyChance: 0,
  lateChance: 0,
  lateMs: 0,
}

/** With chance of its own, so that what happens on one link does not shift what happens on another. */
export class Link {
  readonly from: string
  readonly to: string
  readonly random: Random
  state: LinkState
  /** Streams whose bytes wait for those before them: told when the link has become quicker. */
  readonly queued: Set<() => void> = new Set()
  /** Called when it is up again. */
  readonly waiting: (() => void)[] = []
  private readonly onSwitch: (link: Link) => void
  private busyUntil = 0
  private blocks = 0

  constructor(from: string, to: string, state: LinkState, seed: number, onSwitch: (link: Link) => void) {
    this.from = from
    this.to = to
    this.state = state
    this.random = new Random(seed)
    this.onSwitch = onSwitch
  }

  set(change: Partial<LinkState>): void {
    const { isUp: wasUp, bytesPerMs } = this.state
    this.state = { ...this.state, ...change }
    if (this.state.bytesPerMs > bytesPerMs) this.hasten()
    if (wasUp === this.state.isUp) return
    this.onSwitch(this)
    if (this.state.isUp) for (const go of this.waiting.splice(0)) go()
  }

  /** It is down until as many `unblock`s have come: two partitions may both cut it. */
  block(): void {
    this.blocks++
    this.set({ isUp: false })
  }

  unblock(): void {
    this.blocks = Math.max(this.blocks - 1, 0)
    if (this.blocks === 0) this.set({ isUp: true })
  }

  /** As at the beginning. */
  calmDown(calm: LinkState): void {
    this.blocks = 0
    this.set(calm)
  }

  /** What waited for room has it now. A link of 1 byte a ms had 20 KB in its queue, and a majority waited 20 s for them. */
  private hasten(): void {
    this.busyUntil = 0
    const queued = [...this.queued]
    this.queued.clear()
    for (const launch of queued) launch()
  }

  /** How long `bytes` that are sent at `now` are on their way: they wait for those before them. */
  delay(now: number, bytes: number): number {
    const { minDelayMs, maxDelayMs, bytesPerMs } = this.state
    const flightMs = minDelayMs + this.random.fraction() * (maxDelayMs - minDelayMs)
    if (bytesPerMs === Number.POSITIVE_INFINITY) return flightMs
    this.busyUntil = Math.max(this.busyUntil, now) + bytes / bytesPerMs
    return this.busyUntil - now + flightMs
  }
}

/** All links of a cluster; each is made when somebody first asks for it. */
export class Links {
  private readonly links = new Map<string, Map<string, Link>>()
  private readonly calm: LinkState
  private readonly seed: number
  private readonly onSwitch: (link: Link) => void

  /** @param onSwitch told of each link that comes up or goes down */
  constructor(calm: LinkState, seed: number, onSwitch: (link: Link) => void) {
    this.calm = calm
    this.seed = seed
    this.onSwitch = onSwitch
  }

  of(from: string, to: string): Link {
    let row = this.links.get(from)
    if (row === undefined) {
      row = new Map()
      this.links.set(from, row)
    }
    let link = row.get(to)
    if (link === undefined) {
      link = new Link(from, to, this.calm, this.seed + 2 ** 20 * hash(`${from} ${to}`), this.onSwitch)
      row.set(to, link)
    }
    return link
  }

  *all(): Iterable<Link> {
    for (const row of this.links.values()) yield* row.values()
  }
}

function hash(text: string): number {
  let value = 0
  for (let i = 0; i < text.length; i++) value = (Math.imul(value, 31) + text.charCodeAt(i)) | 0
  return value >>> 0
}
