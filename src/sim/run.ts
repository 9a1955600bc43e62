/**
 * One run: a plan carried out from the first start of the cluster to the last check. First the safety phase, in which
 * everything may go wrong; then the liveness phase: a healthy majority is left, what is wrong outside of it stays wrong
 * for ever, and the majority must find its way within ten election time-outs.
 */
import { checkLinearizability } from '../check/check.ts'
import type { HistoryEvent } from '../check/history.ts'
import { operationsOf } from '../check/operation.ts'
import { asError } from '../runtime/errors.ts'
import type { Hop } from '../util/hop.ts'
import { Random } from '../util/random.ts'
import { Bench } from './clients/bench.ts'
import { History } from './clients/history.ts'
import { KeyValueWorkload } from './clients/key-value-workload.ts'
import { LeaseProbe } from './clients/lease-probe.ts'
import { Ledger } from './clients/ledger.ts'
import { PlainClient } from './clients/plain-client.ts'
import { SessionClient } from './clients/session-client.ts'
import { Epilogue } from './epilogue.ts'
import { Nemesis } from './nemesis/nemesis.ts'
import type { Plan } from './plan.ts'
import { SimCluster } from './sim-cluster.ts'
import { Applied } from './watch/applied.ts'
import { Bounds } from './watch/bounds.ts'
import { Configurations } from './watch/configurations.ts'
import { Conformance } from './watch/conformance.ts'
import { Consensus } from './watch/consensus.ts'
import { HandingOver } from './watch/handing-over.ts'
import { Messages } from './watch/messages.ts'
import { BrokenProperty, type Observer, Observers } from './watch/observer.ts'
import { Promises } from './watch/promises.ts'
import { RunHash } from './watch/run-hash.ts'
import type { Situation } from './watch/situation-names.ts'
import { Situations } from './watch/situations.ts'
import type { Workload } from './workload.ts'
import { World } from './world.ts'

/** What a run needs besides its plan. */
export interface RunOptions {
  readonly hop: Hop
  /** What runs on the cluster; by default the key/value store. */
  readonly workload?: (plan: Plan) => Workload
  /** More that looks on. */
  readonly observers?: (world: World) => readonly Observer[]
}

/** What was broken, when, and how it showed. */
export interface Verdict {
  readonly property: string
  readonly detail: string
  readonly atMs: number
}

/** How a run went. */
export interface RunReport {
  /** Null: nothing bad has happened. */
  readonly verdict: Verdict | null
  readonly events: number
  readonly simulatedMs: number
  /** Sixteen hexadecimal digits: equal for runs that went the same way. */
  readonly hash: string
  readonly history: readonly HistoryEvent[]
  /** Null: it was not checked, because the run had failed before, or because there is no model. */
  readonly historyChecked: 'linearizable' | 'not' | 'unknown' | null
  /** In how many terms somebody has led. */
  readonly elections: number
  /** How many entries were committed. */
  readonly commits: number
  /** Of Raft, that left a server, lost ones among them. */
  readonly messages: number
  /** Of the core, each held against the second specification. */
  readonly steps: number
  readonly operations: { readonly ok: number; readonly fail: number; readonly info: number }
  /** How often each kind of fault and operator's doing came about. */
  readonly faults: ReadonlyMap<string, number>
  /** How often the run came into each of the situations that there are; absent: never. */
  readonly situations: ReadonlyMap<Situation, number>
}

/** How long the first members may take to meet and to elect a leader. */
const FORMING_LIMIT_MS = 20_000

/** How long the rest of a run may take: the forming, the recoveries, the calm; and in election time-outs on top of it. */
const AFTERMATH_LIMIT_MS = 120_000
const AFTERMATH_TIMEOUTS = 100

/** Of the history's check: a state of the object and a set of operations that have their place. */
const MAX_CHECK_STEPS = 3_000_000

/** Carries out the plan. Rejects only for what is wrong with the simulator itself. */
export async function run(plan: Plan, options: RunOptions): Promise<RunReport> {
  return new Run(plan, options).perform()
}

class Run {
  private readonly plan: Plan
  private readonly world: World
  private readonly random: Random
  private readonly observers: Observers
  private readonly hash: RunHash
  private readonly consensus = new Consensus()
  private readonly configurations = new Configurations()
  private readonly situations = new Situations()
  private readonly messages = new Messages()
  private readonly conformance: Conformance
  private readonly cluster: SimCluster
  private readonly nemesis: Nemesis
  private readonly bench: Bench
  private historyChecked: RunReport['historyChecked'] = null

  constructor(plan: Plan, { hop, workload: make, observers = () => [] }: RunOptions) {
    const { seed, settings } = plan
    this.plan = plan
    this.random = new Random(seed + 2 ** 40)
    this.world = new World(hop)
    const { electionTimeoutMaxMs = 0 } = settings.raft
    this.world.limitMs = settings.durationMs + AFTERMATH_LIMIT_MS + AFTERMATH_TIMEOUTS * electionTimeoutMaxMs
    this.hash = new RunHash(this.world)
    const applied = new Applied()
    this.conformance = new Conformance(settings.raft.leaseReads === true)
    const { consensus, configurations, situations, messages, conformance, hash } = this
    const bounds = new Bounds(settings.maxQueuedBytes)
    const judges = [consensus, new Promises(), messages, new HandingOver(), applied, conformance, bounds]
    const counter: Observer = { lost: (_server, _message, how) => this.nemesis.count(`message ${how}`) }
    const all = [...judges, configurations, situations, hash, counter, ...observers(this.world)]
    this.observers = new Observers(all, (error) => this.world.fail(error))
    const workload = make?.(plan) ?? new KeyValueWorkload(settings)
    const { random } = this
    this.cluster = new SimCluster(this.world, random.uint32(), settings, () => workload.machine(), this.observers, {
      cut: () => this.nemesis.count('frame cut'),
      corrupted: () => this.nemesis.count('byte corrupted'),
      operationFailed: () => this.nemesis.count('operation failed'),
    })
    this.nemesis = new Nemesis(this.cluster, random.split())
    const history = new History(this.observers)
    const ledger = new Ledger(applied)
    const { world, cluster } = this
    this.bench = new Bench({ world, cluster, consensus, configurations, history, ledger, workload })
  }

  async perform(): Promise<RunReport> {
    const { world, bench, hash, nemesis, situations } = this
    let verdict: Verdict | null = null
    try {
      await world.run(this.story())
      this.checkHistory()
    } catch (error) {
      const { message, ...broken } = asError(error) as BrokenProperty
      const property = error instanceof BrokenProperty ? error.property : 'No Crash of the Simulator'
      verdict = { property, detail: message || String(broken), atMs: world.now() }
    }
    return {
      verdict,
      events: world.events,
      simulatedMs: world.now(),
      hash: hash.digest,
      history: bench.history.events,
      historyChecked: this.historyChecked,
      elections: this.consensus.elections,
      commits: this.consensus.committed,
      messages: this.messages.count,
      steps: this.conformance.steps,
      operations: bench.history.counts,
      faults: nemesis.counts,
      situations: situations.counts,
    }
  }

  private async story(): Promise<void> {
    const { bench, nemesis, plan, cluster } = this
    for (const server of cluster.servers) cluster.start(server)
    const epilogue = new Epilogue({ bench, nemesis, random: this.random.split() })
    await epilogue.until(() => cluster.leader !== null, FORMING_LIMIT_MS, 'Cluster Forms', 'no leader')
    const work = this.startClients()
    nemesis.follow(plan.decisions)
    await bench.sleep(plan.settings.durationMs)
    nemesis.stop()
    bench.isOpen = false
    await epilogue.perform()
    bench.close()
    await Promise.all(work)
    bench.ledger.checkRefusals()
  }

  private startClients(): Promise<void>[] {
    const { clients, sessions, raft } = this.plan.settings
    const work = Array.from({ length: clients }, (_, i) => {
      const random = this.random.split()
      const Client = random.chance(sessions) ? SessionClient : PlainClient
      return new Client(this.bench, i, random).work()
    })
    if (raft.leaseReads === true) work.push(new LeaseProbe(this.bench, this.random.split()).work())
    return work
  }

  private checkHistory(): void {
    const { workload, history } = this.bench
    if (workload.model === null) return
    const { verdict } = checkLinearizability(operationsOf(history.events), workload.model, {
      maxSteps: MAX_CHECK_STEPS,
    })
    this.historyChecked = verdict
    if (verdict === 'not') throw new BrokenProperty('Linearizability', null, 'what clients saw fits no order')
  }
}
