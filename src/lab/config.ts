// The tester: a cluster, and the questions that a test asks of it. Waiting times and limits are the lab's, to the
// millisecond.

import type { Random } from '../util/random.ts'
import { type Committed, show } from './applied-log.ts'
import type { Command } from './apply-msg.ts'
import { Cluster, type ClusterOptions } from './cluster.ts'
import { fail } from './failure.ts'
import type { RaftState, StartResult } from './lab.ts'

/** The unit of a test's pauses, in milliseconds: long enough for an election. */
export const ELECTION_TIMEOUT_MS = 1000

const LEADER_ROUNDS = 10
const AGREEMENT_MS = 10_000
const ATTEMPT_MS = 2_000
const POLL_MS = 20
const NO_LEADER_PAUSE_MS = 50
const WAIT_POLLS = 30
const LONGEST_WAIT_MS = 1_000

/** What a test has in its hands: the cluster, the network, and the lab's checks. */
export class LabConfig extends Cluster {
  /** The tester's own chance: which server fails, how long it waits. */
  readonly random: Random
  private nextServer = 0
  private finished = false

  constructor(options: ClusterOptions, random: Random) {
    super(options)
    this.random = random
  }

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.clock.schedule(ms, resolve)
    })
  }

  /** Something that goes on beside the test's own steps: should it fail, the test fails there and then. */
  inBackground<T>(work: Promise<T>): Promise<T> {
    work.catch(this.options.abort)
    return work
  }

  /** A command that no other draw gives, below 2⁵². */
  randomCommand(): number {
    return this.random.uint32() * 2 ** 20 + this.random.below(2 ** 20)
  }

  start(server: number, command: Command): StartResult {
    const raft = this.raft(server)
    if (raft === null) return { index: -1, term: -1, isLeader: false }
    return this.guard(server, () => raft.start(command))
  }

  getState(server: number): RaftState {
    const raft = this.raft(server)
    if (raft === null) return { term: -1, isLeader: false }
    return this.guard(server, () => raft.getState())
  }

  /** The leader of the highest term among the connected servers; waits for an election of up to about five seconds. */
  async checkOneLeader(): Promise<number> {
    for (let round = 0; round < LEADER_ROUNDS; round++) {
      await this.sleep(450 + this.random.below(100))
      const leader = this.findLeader()
      if (leader === null) continue
      this.say(() => `checkOneLeader: server ${leader} leads term ${this.getState(leader).term}`)
      return leader
    }
    fail('one leader', `none in ${LEADER_ROUNDS} rounds of half a second`)
  }

  /** The one term that all connected servers are in. */
  checkTerms(): number {
    let term = -1
    for (const server of this.connected()) {
      const { term: own } = this.getState(server)
      if (term !== -1 && own !== term) fail('all servers in one term', `term ${term}, but ${own} on server ${server}`)
      term = own
    }
    return term
  }

  checkNoLeader(): void {
    for (const server of this.connected()) {
      if (this.getState(server).isLeader) fail('no leader without a majority', `server ${server} claiming to lead`)
    }
  }

  /** How many servers applied this index, and what; @throws LabFailure when they differ. */
  nCommitted(index: number): Committed {
    return this.applied.committed(index)
  }

  /**
   * Waits until `servers` servers have applied this index, up to half a minute. Null when a server moved on from
   * `startTerm`, so that the caller may try again.
   */
  async wait(index: number, servers: number, startTerm: number | null): Promise<Command | null> {
    let pauseMs = 10
    for (let poll = 0; poll < WAIT_POLLS && this.nCommitted(index).servers < servers; poll++) {
      await this.sleep(pauseMs)
      if (pauseMs < LONGEST_WAIT_MS) pauseMs *= 2
      if (startTerm !== null && this.hasNewerTerm(startTerm)) return null
    }
    const committed = this.nCommitted(index)
    if (committed.servers < servers) fail(`index ${index} on ${servers} servers`, `it on ${committed.servers}`)
    return committed.command
  }

  /**
   * Has one command agreed on by `expectedServers` and returns its index; tries all servers in turn until one accepts.
   *
   * @param retry whether a command that did not commit within two seconds may be submitted again, perhaps to commit twice
   */
  async one(command: Command, expectedServers: number, retry: boolean): Promise<number> {
    const begin = this.clock.now()
    while (this.clock.now() - begin < AGREEMENT_MS && !this.finished) {
      const index = this.startSomewhere(command)
      if (index === null) {
        await this.sleep(NO_LEADER_PAUSE_MS)
        continue
      }
      if (await this.agree(index, command, expectedServers)) return index
      if (!retry) this.failAgreement(command, expectedServers, ATTEMPT_MS)
    }
    if (this.finished) return -1
    this.failAgreement(command, expectedServers, AGREEMENT_MS)
  }

  /** The largest saved Raft state of any server, dead ones included, in bytes. */
  logSize(): number {
    return Math.max(...this.all().map((server) => this.persister(server).raftStateSize()))
  }

  /** RPCs that arrived at all servers together. */
  rpcCount(): number {
    return this.all().reduce((sum, server) => sum + this.network.count(server), 0)
  }

  all(): number[] {
    return Array.from({ length: this.servers }, (_, server) => server)
  }

  /** Says what the tester is about, for the log viewer. */
  say(text: () => string): void {
    if (this.options.observed) this.options.emit({ kind: 'tester', time: this.clock.now(), text: text() })
  }

  /** Ends the test's servers, and its clients that still wait. */
  cleanup(): void {
    this.finished = true
    this.killAll()
  }

  private connected(): number[] {
    return this.all().filter((server) => this.isConnected(server))
  }

  private findLeader(): number | null {
    const leaders = new Map<number, number>()
    for (const server of this.connected()) {
      const { term, isLeader } = this.getState(server)
      if (!isLeader) continue
      if (leaders.has(term)) fail(`one leader in term ${term}`, `servers ${leaders.get(term)} and ${server} leading`)
      leaders.set(term, server)
    }
    return leaders.size === 0 ? null : (leaders.get(Math.max(...leaders.keys())) ?? null)
  }

  private hasNewerTerm(term: number): boolean {
    return this.all().some((server) => this.getState(server).term > term)
  }

  /** Offers a command to the connected servers in turn; its index, or null when nobody leads. */
  private startSomewhere(command: Command): number | null {
    for (let tries = 0; tries < this.servers; tries++) {
      this.nextServer = (this.nextServer + 1) % this.servers
      if (!this.isConnected(this.nextServer)) continue
      const { index, isLeader } = this.start(this.nextServer, command)
      if (isLeader) return index
    }
    return null
  }

  private async agree(index: number, command: Command, expectedServers: number): Promise<boolean> {
    const begin = this.clock.now()
    while (this.clock.now() - begin < ATTEMPT_MS) {
      const committed = this.nCommitted(index)
      if (committed.servers > 0 && committed.servers >= expectedServers && committed.command === command) {
        this.say(() => `one: ${show(command)} is at index ${index} on ${committed.servers} servers`)
        return true
      }
      await this.sleep(POLL_MS)
    }
    return false
  }

  private failAgreement(command: Command, expectedServers: number, limitMs: number): never {
    fail(`agreement on ${show(command)} by ${expectedServers} servers within ${limitMs / 1000} s`, 'none')
  }
}
