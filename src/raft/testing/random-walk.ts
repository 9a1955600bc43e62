/**
 * A random walk through what can happen to a cluster: messages late, lost, doubled and out of order; slow disks; crashes
 * that lose what was not durable; one-way partitions; connections that break, of which not everybody is told; snapshots,
 * transfers, reads and, on demand, servers that join and leave. In half of the walks idle leaders rest. Everything comes
 * from the seed, so a walk that fails can be walked again.
 */
import type { RaftObserver } from '../../observe/observer.ts'
import { assert } from '../../util/assert.ts'
import { utf8Encode } from '../../util/bytes.ts'
import { Random } from '../../util/random.ts'
import { membersOf } from '../configuration.ts'
import type { Index, ServerId } from '../entry.ts'
import type { RaftOptions } from '../options.ts'
import type { ReadState } from '../ready.ts'
import { TestCluster } from './cluster.ts'
import type { TestServer } from './server.ts'

/** What a walk has seen: for tests that must not pass because nothing happened. */
export interface WalkSummary {
  readonly committed: number
  readonly terms: number
  readonly readsServed: number
  readonly crashes: number
  readonly snapshots: number
  /** Configurations that have committed. */
  readonly changes: number
  /** How often a leader went to rest. */
  readonly rests: number
}

/** Who takes part: servers s1 … of the first configuration, and how many more may join. */
export interface WalkSettings {
  readonly servers: number
  readonly joiners?: number
  readonly steps: number
  /** Who watches; by default an observer of the whole cluster. */
  readonly observe?: (options: Partial<RaftOptions>) => RaftObserver
}

/** Things that happen, and how often compared to each other. */
const WEIGHTS: readonly (readonly [number, keyof typeof ACTIONS])[] = [
  [60, 'deliver'],
  [14, 'passTime'],
  [10, 'propose'],
  [14, 'persist'],
  [10, 'apply'],
  [3, 'drop'],
  [4, 'duplicate'],
  [3, 'read'],
  [2, 'takeSnapshot'],
  [2, 'fail'],
  [1, 'transfer'],
  [1, 'cut'],
  [1, 'heal'],
  [1, 'breakConnection'],
  [2, 'beIdle'],
  [0.5, 'crash'],
  [2, 'restart'],
  [2, 'change'],
]

/**
 * Walks `steps` steps with servers s1 … sN, then repairs everything and waits until all agree again.
 *
 * @throws InvariantViolation, or InvariantError when reads were stale or the cluster did not come together again
 */
export function randomWalk(seed: number, settings: WalkSettings): WalkSummary {
  const { servers, joiners = 0, steps } = settings
  const walk = new Walk(seed, servers, joiners, settings.observe)
  try {
    for (let i = 0; i < steps; i++) walk.step()
    walk.converge()
  } catch (error) {
    if (error instanceof Error) {
      error.message = `seed ${seed}, ${servers} servers, ${joiners} more: ${error.message}\n${walk.lastLines.join('\n')}`
    }
    throw error
  }
  return walk.summary()
}

class Walk {
  readonly random: Random
  readonly cluster: TestCluster
  readonly lastLines: string[] = []
  crashes = 0
  snapshots = 0
  nextToken = 1
  joinersLeft: number
  readonly hasChanges: boolean
  readonly leadersRest: boolean
  private changes = 0
  private rests = 0
  private resting: ServerId | null = null
  private readsServed = 0
  /** For each read, how much was committed when it was asked: it must not be served below. */
  readonly askedAt: Map<string, Index> = new Map()

  constructor(seed: number, serverCount: number, joinerCount: number, observe: WalkSettings['observe']) {
    this.random = new Random(seed)
    this.joinersLeft = joinerCount
    this.hasChanges = joinerCount > 0
    const options = { ...optionsFor(this.random), ...(joinerCount > 0 ? PROTECTED : {}) }
    this.leadersRest = options.restAfterMs !== 0 && !options.leaseReads
    const ids = Array.from({ length: serverCount }, (_, place) => `s${place + 1}`)
    this.cluster = new TestCluster({
      ids,
      seed,
      options,
      ...(observe === undefined ? {} : { observer: observe(options) }),
      trace: (line) => {
        if (/^s\d+ configuration of \d+ is committed$/.test(line)) this.changes++
        this.remember(line)
      },
      served: (id, read) => this.checkRead(id, read),
    })
    for (const id of ids) this.cluster.server(id).isDiskHeld = true
    for (const id of ids) this.cluster.server(id).isApplyHeld = true
  }

  step(): void {
    let ticket = this.random.fraction() * WEIGHTS.reduce((sum, [weight]) => sum + weight, 0)
    for (const [weight, name] of WEIGHTS) {
      ticket -= weight
      if (ticket >= 0) continue
      ACTIONS[name](this)
      this.countRests()
      return
    }
  }

  /** Heals, restarts and waits: a cluster that is left in peace must elect a leader and agree (Paper §5.4.3, liveness). */
  converge(): void {
    const { cluster } = this
    cluster.network.healAll()
    for (const id of cluster.ids) {
      const server = cluster.server(id)
      if (server.raft === null) server.start()
      server.isDiskHeld = false
      server.isApplyHeld = false
      server.persist(null)
      server.apply()
    }
    // A leader that died at rest may be missed after twice the longest interval only.
    cluster.advance(5000 + 2 * MAX_REST_INTERVAL_MS, () => cluster.settle())
    const { leader } = cluster
    assert(leader !== undefined, 'no leader after 7 s of peace')
    this.countRests()
    const result = cluster.propose(leader.id, [utf8Encode('the end')])
    assert(result.accepted, `${leader.id} leads and refuses a command`)
    cluster.advance(1000, () => cluster.settle())
    const members = membersOf(leader.running().inspect().configuration)
    for (const { id, appliedIndex } of cluster.running.filter(({ id }) => members.includes(id))) {
      assert(appliedIndex >= result.firstIndex, `${id} has applied ${appliedIndex} of ${result.firstIndex}`)
    }
  }

  /** A new server comes to life, and the leader is asked to add it. */
  join(leaderId: ServerId): void {
    if (this.joinersLeft === 0) return
    this.joinersLeft--
    const id = `s${this.cluster.ids.length + 1}`
    this.cluster.join(id)
    this.cluster.server(id).isDiskHeld = true
    this.cluster.server(id).isApplyHeld = true
    const promote = this.random.chance(0.7)
    this.cluster.change(leaderId, { type: 'addLearner', id, address: id, incarnation: '', promote })
  }

  summary(): WalkSummary {
    const { committedCount: committed } = this.cluster.invariants
    const terms = Math.max(...this.cluster.running.map((server) => server.running().inspect().currentTerm))
    const { readsServed, crashes, snapshots, changes, rests } = this
    return { committed, terms, readsServed, crashes, snapshots, changes, rests }
  }

  /** A server that is up, by chance. */
  anybody(): TestServer | null {
    const { running } = this.cluster
    return running.length === 0 ? null : this.random.pick(running)
  }

  committedIndex(): Index {
    return Math.max(0, this.cluster.invariants.committedCount - 1)
  }

  private countRests(): void {
    const { leader } = this.cluster
    const resting = leader?.running().inspect().resting ? leader.id : null
    if (resting !== null && resting !== this.resting) this.rests++
    this.resting = resting
  }

  private checkRead(id: ServerId, { token, index }: ReadState): void {
    if (index === null) return
    this.readsServed++
    const asked = this.askedAt.get(`${id} ${token}`) ?? 0
    assert(
      index >= asked,
      `stale read: ${id} serves ${token} at ${index}, but ${asked} was committed when it was asked`,
    )
  }

  private remember(line: string): void {
    this.lastLines.push(line)
    if (this.lastLines.length > 60) this.lastLines.shift()
  }
}

/**
 * What changes of members rely on: without the first two, a removed server that was not told disrupts the others for
 * ever; without the third, a leader that takes over in the middle of a change commits nothing until somebody proposes.
 */
const PROTECTED: Partial<RaftOptions> = { preVote: true, stickiness: true, noopAtTermStart: true }

const MAX_REST_INTERVAL_MS = 1000

/** Small limits, so that windows fill, batches split and entries leave memory. */
function optionsFor(random: Random): Partial<RaftOptions> {
  return {
    maxInflightMessages: random.between(1, 4),
    maxInflightBytes: random.between(50, 400),
    maxAppendBytes: random.between(30, 200),
    maxApplyBytes: random.between(30, 200),
    maxTailBytes: random.between(50, 500),
    retainEntries: random.between(0, 5),
    snapshotRetryMs: 500,
    noopAtTermStart: random.chance(0.8),
    commitPushDelayMs: random.pick([0, 0, 8]),
    applyBeforeDurable: random.chance(0.3),
    preVote: random.chance(0.8),
    checkQuorum: random.chance(0.8),
    ...random.pick([
      { stickiness: true, leaseReads: true },
      { stickiness: true },
      { stickiness: true },
      { stickiness: false },
    ]),
    restAfterMs: random.pick([0, 0, 50, 120]),
    restIntervalMs: random.between(600, MAX_REST_INTERVAL_MS),
  }
}

const ACTIONS = {
  /** Mostly in order, sometimes not. */
  deliver: ({ cluster, random }: Walk): void => {
    const { inFlight } = cluster.network
    if (inFlight.length === 0) return
    const place = random.chance(0.7) ? 0 : random.below(inFlight.length)
    const flight = inFlight[place]
    if (flight !== undefined) cluster.arrive(flight)
  },
  drop: ({ cluster, random }: Walk): void => {
    const { inFlight } = cluster.network
    if (inFlight.length > 0) cluster.network.remove(random.pick(inFlight))
  },
  duplicate: ({ cluster, random }: Walk): void => {
    const { inFlight } = cluster.network
    if (inFlight.length > 0) cluster.network.duplicate(random.pick(inFlight))
  },
  passTime: ({ cluster, random }: Walk): void => cluster.advance(random.chance(0.05) ? 500 : random.below(40)),
  propose: (walk: Walk): void => {
    const { cluster, random } = walk
    const server = random.chance(0.8) ? cluster.leader : walk.anybody()
    const commands = Array.from({ length: random.between(1, 3) }, () => new Uint8Array(random.below(40)))
    for (const command of commands) command.fill(random.below(256))
    if (server) cluster.propose(server.id, commands)
  },
  persist: (walk: Walk): void => {
    const server = walk.anybody()
    if (server !== null && server.disk.pendingSeqs.length > 0) server.persist(walk.random.pick(server.disk.pendingSeqs))
  },
  apply: (walk: Walk): void => walk.anybody()?.apply(),
  read: (walk: Walk): void => {
    const server = walk.anybody()
    if (server === null) return
    const token = walk.nextToken++
    walk.askedAt.set(`${server.id} ${token}`, walk.committedIndex())
    walk.cluster.read(server.id, token, walk.random.chance(0.7))
  },
  takeSnapshot: (walk: Walk): void => {
    const server = walk.anybody()
    if (server !== null && walk.cluster.takeSnapshot(server.id, server.appliedIndex)) walk.snapshots++
  },
  /** Lost, and the sender is told. */
  fail: ({ cluster, random }: Walk): void => {
    const { inFlight } = cluster.network
    if (inFlight.length > 0) cluster.fail(random.pick(inFlight))
  },
  transfer: ({ cluster, random }: Walk): void => {
    const { leader } = cluster
    if (leader !== undefined) cluster.transfer(leader.id, random.pick(cluster.ids))
  },
  cut: ({ cluster, random }: Walk): void => cluster.network.cut(random.pick(cluster.ids), random.pick(cluster.ids)),
  heal: ({ cluster }: Walk): void => cluster.network.healAll(),
  /** Either end may be told or not. */
  breakConnection: ({ cluster, random }: Walk): void => {
    const [one, other] = [random.pick(cluster.ids), random.pick(cluster.ids)]
    if (random.chance(0.7)) cluster.loseConnection(one, other)
    if (random.chance(0.7)) cluster.loseConnection(other, one)
  },
  /** Nobody asks for anything, disks and messages come to an end: long enough for a leader to go to rest. */
  beIdle: ({ cluster, random, leadersRest }: Walk): void => {
    if (!leadersRest) return
    if (random.chance(0.5)) cluster.network.healAll()
    const { running } = cluster
    for (const server of running) {
      server.isDiskHeld = false
      server.persist(null)
    }
    cluster.advance(random.between(200, 1500), () => cluster.settle())
    for (const server of running) server.isDiskHeld = true
  },
  change: (walk: Walk): void => {
    const { cluster, random } = walk
    const { leader } = cluster
    if (leader === undefined || !walk.hasChanges) return
    const { configuration } = leader.running().inspect()
    const id = random.pick(membersOf(configuration))
    const type = random.pick(['addLearner', 'promote', 'demote', 'remove', 'replaceVoters', 'replaceVoters'] as const)
    if (type === 'addLearner') walk.join(leader.id)
    else if (type === 'replaceVoters') {
      const voters = membersOf(configuration).filter(() => random.chance(0.6))
      cluster.change(leader.id, { type, voters })
    } else if (type !== 'remove' || configuration.voters.length > 2) cluster.change(leader.id, { type, id })
  },
  crash: (walk: Walk): void => {
    const server = walk.anybody()
    if (server === null) return
    walk.cluster.crash(server.id)
    walk.crashes++
    for (const { id } of walk.cluster.running) if (walk.random.chance(0.6)) walk.cluster.loseConnection(id, server.id)
  },
  restart: ({ cluster, random }: Walk): void => {
    const down = cluster.ids.filter((id) => cluster.server(id).raft === null)
    if (down.length > 0) cluster.restart(random.pick(down))
  },
}
