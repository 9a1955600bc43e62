// Several servers in lockstep: nothing happens until the test says so, and the invariants of Figure 3 are checked after
// every step of every server.

import type { Message, RaftOptions } from '../../src/raft/index.ts'
import { entriesOf, type Selector, TestCluster } from '../../src/raft/testing/index.ts'
import { assert } from '../../src/util/assert.ts'
import { utf8Encode } from '../../src/util/bytes.ts'
import { idsOf } from './messages.ts'

interface Beginning {
  /** What lies on their disks, as strings of terms; who is not named has an empty log. */
  readonly logs?: { readonly [id: string]: string }
  /** Everybody's term; each log's last one when it is left out. */
  readonly term?: number
  readonly options?: Partial<RaftOptions>
}

const LONGEST_TIMEOUT_MS = 600

export class Lockstep extends TestCluster {
  /** What was answered to reads: `s1 7` is s1's read with token 7; null is refused. */
  readonly reads: Map<string, number | null>

  constructor(count: number, { logs = {}, term, options }: Beginning = {}) {
    const reads = new Map<string, number | null>()
    super({
      ids: idsOf(count),
      // The paper's figures know no empty entry at the start of a term.
      options: { noopAtTermStart: false, ...options },
      served: (id, { token, index }) => reads.set(`${id} ${token}`, index),
    })
    this.reads = reads
    for (const id of this.ids) {
      const entries = entriesOf(logs[id] ?? '')
      this.preload(id, { hardState: { term: term ?? entries.at(-1)?.term ?? 0, votedFor: null }, entries })
    }
  }

  /** Its time-out runs out, and everybody else has been without a leader's word for as long. */
  campaign(id: string): void {
    this.now += LONGEST_TIMEOUT_MS
    this.tick(id)
    this.settle()
  }

  /** It campaigns until it wins: a server that was away first has to learn the others' term. */
  elect(id: string): void {
    for (let tries = 0; this.roleOf(id) !== 'leader'; tries++) {
      assert(tries < 5, `${id} is not elected: ${JSON.stringify(this.logs())}`)
      this.campaign(id)
    }
  }

  /** A command, and everything that comes of it. */
  command(id: string, ...texts: readonly string[]): void {
    this.accept(id, ...texts)
    this.settle()
  }

  /** A command; what the leader sends stays in flight. */
  accept(id: string, ...texts: readonly string[]): void {
    const result = this.propose(id, texts.map(utf8Encode))
    assert(result.accepted, `${id} does not lead`)
  }

  /** Only servers of one group hear each other; those that are not named hear nobody. What is in flight is lost. */
  partition(...groups: readonly (readonly string[])[]): void {
    this.network.healAll()
    for (const from of this.ids) {
      for (const to of this.ids) {
        if (!groups.some((group) => group.includes(from) && group.includes(to))) this.network.cut(from, to)
      }
    }
    for (const flight of [...this.network.inFlight]) this.network.remove(flight)
  }

  /** Everybody hears everybody again, and leaders send a heartbeat. */
  reunite(): void {
    this.network.healAll()
    for (const server of this.running) if (server.running().inspect().role === 'leader') this.tick(server.id)
    this.settle()
  }

  /** Takes messages out of the network, for a test that brings them when it likes. */
  intercept(selector: Partial<Selector>): Message[] {
    const flights = this.network.select({ from: null, to: null, type: null, place: null, ...selector })
    for (const flight of flights) this.network.remove(flight)
    return flights.map(({ message }) => message)
  }

  /** A message that was intercepted arrives after all. */
  bring(message: Message): void {
    this.server(message.to).input((raft, now) => raft.step(message, now))
  }

  roleOf(id: string): string {
    return this.stateOf(id).role
  }

  stateOf(id: string): ReturnType<ReturnType<ReturnType<TestCluster['server']>['running']>['inspect']> {
    return this.server(id).running().inspect()
  }

  logOf(id: string): string {
    const { log } = this.stateOf(id)
    const terms: number[] = []
    for (let index = log.baseIndex + 1; index <= log.lastIndex; index++) terms.push(log.termAt(index) as number)
    return terms.join(' ')
  }

  /** The log of every server that is up. */
  logs(): { [id: string]: string } {
    return Object.fromEntries(this.running.map(({ id }) => [id, this.logOf(id)]))
  }

  commitIndexOf(id: string): number {
    return this.stateOf(id).commitIndex
  }
}

export function cluster(count: number, beginning: Beginning = {}): Lockstep {
  return new Lockstep(count, beginning)
}
