/** What lies between the servers that meet in memory: for each direction, how it is and what has happened on it. */
import type { ServerId } from '../raft/entry.ts'

/** One direction between two servers. */
export interface MemoryLink {
  readonly up: boolean
  /** Of one message, request, response or piece of a snapshot. */
  readonly lossProbability: number
  readonly minDelayMs: number
  readonly maxDelayMs: number
}

const PERFECT_LINK: MemoryLink = { up: true, lossProbability: 0, minDelayMs: 0, maxDelayMs: 0 }

/** A direction with its past. */
export interface LinkState {
  link: MemoryLink
  /** When the latest message arrives: nothing overtakes it. */
  lastArrival: number
  /** Messages of before a hang-up do not arrive after it. */
  connection: number
}

export class MemoryLinks {
  private readonly states = new Map<string, LinkState>()

  of(from: ServerId, to: ServerId): LinkState {
    const key = JSON.stringify([from, to])
    let state = this.states.get(key)
    if (state === undefined) {
      state = { link: PERFECT_LINK, lastArrival: 0, connection: 0 }
      this.states.set(key, state)
    }
    return state
  }
}
