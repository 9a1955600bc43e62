/**
 * What must hold of several servers at once (Paper Figure 3 and more), judged by numbers: `raft/invariants.ts` asks the
 * same of live servers. Of a new state only the server that has just taken a step is looked at; the others were before.
 */
import { type Catalogue, CONFIGURATION_STRIDE, LOG_STRIDE, MATCH_STRIDE } from './catalogue.ts'
import { electedIn, type History } from './history.ts'
import { BECAME_LEADER, COMMITTED, RECONFIGURED } from './transitions.ts'

export class Properties {
  private readonly catalogue: Catalogue
  private readonly history: History
  private readonly count: number

  constructor(catalogue: Catalogue, history: History, servers: number) {
    this.catalogue = catalogue
    this.history = history
    this.count = servers
  }

  /**
   * After the step of `place`: `elected` and `chosen` are those from before it. `servers` from `first` on are after it.
   *
   * @returns what is broken, in words, or null
   */
  brokenByStep(
    servers: Int32Array,
    first: number,
    place: number,
    flags: number,
    elected: number,
    chosen: number,
  ): string | null {
    const server = servers[first + place] as number
    const { columns } = this.catalogue
    const term = columns.term.data[server] as number
    if ((flags & BECAME_LEADER) !== 0) {
      const other = electedIn(elected, term)
      if (other !== 0 && other !== place + 1) {
        return `Election Safety: s${place + 1} was elected in term ${term}, and s${other} as well`
      }
      if (!this.isElected(servers, first, server, place)) {
        return `Election Safety: s${place + 1} leads term ${term} without a quorum of votes`
      }
      if (!this.history.isIn(chosen, server)) {
        return `Leader Completeness: s${place + 1} leads term ${term} without all of what is committed, ${this.history.describe(chosen)}`
      }
    }
    if ((flags & COMMITTED) === 0) return null
    if (this.history.extended(chosen, server) < 0) {
      return `State Machine Safety: s${place + 1} commits up to ${columns.commitIndex.data[server]} other entries than ${this.history.describe(chosen)}, which are committed`
    }
    return columns.leads.data[server] === 1 ? this.brokenCommitRule(servers, first, server, flags) : null
  }

  /** @returns what is broken between the server at `place` and the others, in words, or null */
  brokenInState(servers: Int32Array, first: number, place: number): string | null {
    const server = servers[first + place] as number
    const { leads, term } = this.catalogue.columns
    for (let other = 0; other < this.count; other++) {
      if (other === place) continue
      const peer = servers[first + other] as number
      if (!this.logsMatch(server, peer)) {
        return `Log Matching: s${place + 1} and s${other + 1} have an entry of the same index and term, and differ there or before`
      }
      if (term.data[server] !== term.data[peer]) continue
      if (leads.data[server] === 1 && !this.isMatchDurable(server, peer, other)) return brokenMatch(place, other)
      if (leads.data[peer] === 1 && !this.isMatchDurable(peer, server, place)) return brokenMatch(other, place)
    }
    return null
  }

  /** Each vote is on a disk before it counts. Whoever has gone on to a later term may have voted as well. */
  private isElected(servers: Int32Array, first: number, leader: number, place: number): boolean {
    const { term, durableTerm, durableVote } = this.catalogue.columns
    const elected = term.data[leader] as number
    let voters = 0
    for (let other = 0; other < this.count; other++) {
      const server = servers[first + other] as number
      const known = durableTerm.data[server] as number
      if (known > elected || (known === elected && durableVote.data[server] === place + 1)) voters |= 1 << other
    }
    return this.isQuorum(leader * CONFIGURATION_STRIDE, voters)
  }

  /** "If two logs contain an entry with the same index and term, then the logs are identical up to it." */
  private logsMatch(one: number, other: number): boolean {
    const logs = this.catalogue.columns.log.data
    const terms = this.catalogue.entryTerm.data
    const [left, right] = [one * LOG_STRIDE, other * LOG_STRIDE]
    const base = Math.max(logs[left] as number, logs[right] as number)
    let isOneLog = false
    for (let index = Math.min(logs[left + 2] as number, logs[right + 2] as number); index > base; index--) {
      const [a, b] = [logs[left + 2 + index] as number, logs[right + 2 + index] as number]
      if (a === b) isOneLog = true
      else if (isOneLog || terms[a] === terms[b]) return false
    }
    return true
  }

  /** What the leader counts on is on the follower's disk, and the same. */
  private isMatchDurable(leader: number, follower: number, place: number): boolean {
    const match = this.catalogue.columns.match.data[leader * MATCH_STRIDE + place] as number
    return match <= 0 || this.diskHolds(follower, leader, match)
  }

  /** True when the disk of `server` has the entry that `leader` has at `index`; what is behind a base is committed. */
  private diskHolds(server: number, leader: number, index: number): boolean {
    const { log, disk } = this.catalogue.columns
    const [row, own] = [server * LOG_STRIDE, leader * LOG_STRIDE]
    if (index <= (disk.data[row] as number)) return true
    if (index > (disk.data[row + 2] as number)) return false
    if (index > (log.data[own] as number)) return disk.data[row + 2 + index] === log.data[own + 2 + index]
    return index < (log.data[own] as number) || this.termOnDisk(row, index) === log.data[own + 1]
  }

  private termOnDisk(row: number, index: number): number {
    return this.catalogue.entryTerm.data[this.catalogue.columns.disk.data[row + 2 + index] as number] as number
  }

  /** An entry of the leader's own term, durable on a quorum (Paper §5.4.2). */
  private brokenCommitRule(servers: Int32Array, first: number, leader: number, flags: number): string | null {
    const { columns, entryTerm } = this.catalogue
    const commit = columns.commitIndex.data[leader] as number
    const name = `s${(columns.place.data[leader] as number) + 1}`
    const isCompacted = commit <= (columns.log.data[leader * LOG_STRIDE] as number)
    const term = entryTerm.data[columns.log.data[leader * LOG_STRIDE + 2 + commit] as number]
    if (!isCompacted && term !== columns.term.data[leader]) {
      return `Commit Rule: ${name} leads term ${columns.term.data[leader]} and commits entry ${commit} of term ${term} by counting`
    }
    let holders = 0
    for (let place = 0; place < this.count; place++) {
      if (this.diskHolds(servers[first + place] as number, leader, commit)) holders |= 1 << place
    }
    const row = leader * CONFIGURATION_STRIDE
    // In one step an entry may commit and the next configuration be appended because of that: then the one before it
    // was counted by. A joint one that committed by its new half alone would otherwise pass by what follows it.
    const isNext = (flags & RECONFIGURED) !== 0 && commit < (columns.configurationIndex.data[leader] as number)
    if (this.isQuorum(isNext ? row + 2 : row, holders)) return null
    return `Commit Rule: ${name} commits entry ${commit} without a quorum of disks that hold it`
  }

  private isQuorum(row: number, holders: number): boolean {
    const sets = this.catalogue.columns.configuration.data
    const [voters, outgoing] = [sets[row] as number, sets[row + 1] as number]
    return isMajority(voters, holders) && (outgoing === 0 || isMajority(outgoing, holders))
  }
}

function brokenMatch(leader: number, follower: number): string {
  return `Durable Match: s${leader + 1} counts on entries of s${follower + 1} that its disk does not have`
}

function isMajority(voters: number, holders: number): boolean {
  return 2 * bitCount(voters & holders) > bitCount(voters)
}

function bitCount(bits: number): number {
  let count = 0
  for (let rest = bits; rest !== 0; rest &= rest - 1) count++
  return count
}
