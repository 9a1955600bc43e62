/**
 * How a run ends. A majority is made healthy; everything else stays as broken as it is, or is made worse, for ever. The
 * majority must elect a leader, commit, agree, and then be calm; and after a crash of all of it, still have everything.
 */
import type { Configuration } from '../raft/configuration.ts'
import type { Random } from '../util/random.ts'
import type { Bench } from './clients/bench.ts'
import { CHANGE_PATIENCE_MS } from './nemesis/member-doings.ts'
import type { Nemesis } from './nemesis/nemesis.ts'
import type { SimServer } from './sim-server.ts'
import { BrokenProperty } from './watch/observer.ts'

/** So many of the longest election time-outs may pass until the majority has found its way; more where leaders rest. */
const PATIENCE_TIMEOUTS = 10

/** How often it is looked whether something has come about. */
const LOOK_MS = 5

/** What it works with. */
export interface EpilogueParts {
  readonly bench: Bench
  readonly nemesis: Nemesis
  readonly random: Random
}

export class Epilogue {
  private readonly bench: Bench
  private readonly nemesis: Nemesis
  private readonly random: Random

  constructor({ bench, nemesis, random }: EpilogueParts) {
    this.bench = bench
    this.nemesis = nemesis
    this.random = random
  }

  async perform(): Promise<void> {
    await this.letOperatorFinish()
    this.nemesis.undo()
    await this.bench.sleep(this.patienceMs / PATIENCE_TIMEOUTS)
    await this.letOperatorFinish()
    const core = this.chooseCore()
    this.settle(core)
    if (core.length === 0) return
    await this.recover(core, 'after healing')
    await this.stayCalm(core)
    await this.survive(core)
  }

  /**
   * What was asked for may still come about: `demote s5`, once a leader is there, would make a majority of a minority
   * that was chosen before. So that is waited for, with everything as broken as it is; and again when those go on who
   * stood still with a request at their door.
   */
  private async letOperatorFinish(): Promise<void> {
    const { bench, nemesis } = this
    const endAt = bench.world.now() + CHANGE_PATIENCE_MS
    while (nemesis.operator.isWaiting && bench.world.now() < endAt) await bench.sleep(LOOK_MS)
  }

  /** @throws BrokenProperty when it does not come about in time */
  async until(holds: () => boolean, limitMs: number, property: string, what: string): Promise<void> {
    const { bench } = this
    const endAt = bench.world.now() + limitMs
    while (!holds()) {
      if (bench.world.now() >= endAt) throw new BrokenProperty(property, null, `${what} after ${limitMs} ms`)
      await bench.sleep(LOOK_MS)
    }
  }

  private get patienceMs(): number {
    const { electionTimeoutMaxMs = 600, restAfterMs = 0, restIntervalMs = 0 } = this.bench.settings.raft
    // A leader that dies at rest is missed after two of its calls.
    const restMs = restAfterMs > 0 ? 2 * restIntervalMs : 0
    return PATIENCE_TIMEOUTS * electionTimeoutMaxMs + restMs
  }

  /**
   * Some servers that are a majority of every configuration that anybody goes by. None when too much is lost for that:
   * then there is nothing to be expected.
   */
  private chooseCore(): SimServer[] {
    const { cluster, configurations } = this.bench
    const sound = cluster.servers.filter(({ isTampered, diskNumber }) => !isTampered && diskNumber === 1)
    const known = configurations.all()
    const suffices = (core: readonly SimServer[]): boolean =>
      known.every((configuration) => isMajority(configuration, core))
    if (!suffices(sound)) return []
    let core = sound
    for (const server of this.shuffled(sound)) {
      const smaller = core.filter((one) => one !== server)
      if (this.random.chance(0.7) && suffices(smaller)) core = smaller
    }
    return core
  }

  /** What is wrong in the core ends; what is outside of it is cut off, stands still or is dead from now on. */
  private settle(core: readonly SimServer[]): void {
    const { cluster } = this.bench
    const { supervisor } = this.nemesis
    for (const link of cluster.links.all()) link.calmDown(cluster.calm)
    for (const server of cluster.servers) {
      if (core.includes(server)) {
        server.disk.mend()
        server.holds = 0
        supervisor.startIfMay(server)
      } else this.leaveBehind(server)
    }
  }

  private leaveBehind(server: SimServer): void {
    const { cluster } = this.bench
    const fate = this.random.pick(['dead', 'cut off', 'paused', 'deaf', 'mute'] as const)
    cluster.observers.happened(`is ${fate} from now on`, server, false)
    this.nemesis.supervisor.abandon(server)
    if (fate === 'dead') cluster.crash(server, 'kill')
    else if (fate === 'paused') cluster.pause(server)
    else {
      for (const other of cluster.servers) {
        if (other === server) continue
        if (fate !== 'mute') cluster.links.of(other.id, server.id).block()
        if (fate !== 'deaf') cluster.links.of(server.id, other.id).block()
      }
    }
  }

  /** A leader, a new entry, and everybody has it. */
  private async recover(core: readonly SimServer[], when: string): Promise<void> {
    const { bench, patienceMs } = this
    const leads = (): SimServer | null => leaderOf(core)
    await this.until(() => leads() !== null, patienceMs, 'A Leader In Time', `${when}: no leader`)
    let isCommitted = false
    const commit = async (): Promise<void> => {
      while (!isCommitted) {
        const node = leads()?.node ?? null
        if (node !== null) {
          const { lastIndex } = node.status()
          isCommitted = await this.barrier(node).then(
            () => node.status().commitIndex >= lastIndex,
            () => false,
          )
        }
        if (!isCommitted) await bench.sleep(LOOK_MS)
      }
    }
    void commit()
    await this.until(() => isCommitted, patienceMs, 'Progress', `${when}: nothing is committed`)
    await this.until(() => areSame(core, leads()), patienceMs, 'Convergence', `${when}: ${describe(core)}`)
  }

  /** A read that a quorum confirms: everything before it is committed, and applied here. Who has just lost its office fails. */
  private barrier(node: NonNullable<SimServer['node']>): Promise<void> {
    return node.read(() => {}, { timeoutMs: this.patienceMs / PATIENCE_TIMEOUTS })
  }

  /** Nobody campaigns when nothing is wrong. */
  private async stayCalm(core: readonly SimServer[]): Promise<void> {
    const { patienceMs, bench } = this
    const term = termOf(core)
    await bench.sleep(patienceMs)
    if (termOf(core) !== term)
      throw new BrokenProperty(
        'Calm',
        null,
        `the term went from ${term} to ${termOf(core)} within ${patienceMs} ms in which nothing happened`,
      )
  }

  private async survive(core: readonly SimServer[]): Promise<void> {
    const { cluster, ledger } = this.bench
    const { supervisor } = this.nemesis
    for (const server of core) cluster.crash(server, 'power')
    for (const server of core) supervisor.startIfMay(server)
    await this.recover(core, 'after a crash of all')
    const { commitIndex = 0 } = leaderOf(core)?.node?.status() ?? {}
    if (commitIndex < ledger.lastAcknowledged)
      throw new BrokenProperty(
        'No Acknowledged Loss',
        null,
        `entry ${ledger.lastAcknowledged} was acknowledged, and ${commitIndex} are committed in the end`,
      )
  }

  private shuffled(servers: readonly SimServer[]): SimServer[] {
    const left = [...servers]
    return servers.map(() => left.splice(this.random.below(left.length), 1)[0] as SimServer)
  }
}

/** Also when those are voters by then whom the leader will promote as soon as they have caught up. */
function isMajority({ voters, votersOutgoing, promotable }: Configuration, core: readonly SimServer[]): boolean {
  const holds = (id: string): boolean => core.some((server) => server.id === id)
  const isEnough = (set: readonly string[], more: number): boolean =>
    set.length === 0 || set.filter(holds).length * 2 > set.length + more
  return isEnough(voters, promotable.length) && isEnough(votersOutgoing, 0)
}

function leaderOf(core: readonly SimServer[]): SimServer | null {
  let leader: SimServer | null = null
  for (const server of core) {
    const status = server.node?.status()
    if (status?.role === 'leader' && status.term >= termOf(core)) leader = server
  }
  return leader
}

function termOf(core: readonly SimServer[]): number {
  return Math.max(...core.map((server) => server.node?.status().term ?? 0))
}

/** Members that are in the core have applied the same, and know of the same leader. */
function areSame(core: readonly SimServer[], leader: SimServer | null): boolean {
  const led = leader?.node?.status()
  if (led === undefined || led.lastApplied < led.lastIndex) return false
  const { voters, votersOutgoing, learners } = led.configuration
  // Every leader leaves a joint configuration by itself, whoever began it.
  if (votersOutgoing.length > 0) return false
  return core
    .filter(({ id }) => voters.includes(id) || learners.includes(id))
    .every(({ node }) => {
      const status = node?.status()
      return status !== undefined && status.lastApplied === led.lastApplied && status.leaderId === led.leaderId
    })
}

function describe(core: readonly SimServer[]): string {
  const each = core.map(({ id, node }) => {
    const { role, term, lastApplied, lastIndex } = node?.status() ?? {
      role: 'down',
      term: 0,
      lastApplied: 0,
      lastIndex: 0,
    }
    return `${id} ${role} in term ${term}, ${lastApplied} applied of ${lastIndex}`
  })
  return each.join('; ')
}
