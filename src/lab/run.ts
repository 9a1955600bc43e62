// Runs one test: sets up its world from a seed, lets it go until it passes, fails or runs out of time, and says how it
// went. On the virtual clock the same seed gives the same run, to the last byte of its trace.

import type { Clock } from '../util/clock.ts'
import type { Hop } from '../util/hop.ts'
import { Random } from '../util/random.ts'
import { applier, applierSnap } from './appliers.ts'
import type { ClusterOptions } from './cluster.ts'
import { LabConfig } from './config.ts'
import type { LabEvent, LabObserver } from './event.ts'
import { LabFailure } from './failure.ts'
import { GuardedClock } from './guarded-clock.ts'
import type { Make, OnStep } from './lab.ts'
import type { LabResult, LabTest } from './lab-test.ts'
import { Labgob } from './labgob.ts'
import { TraceHash } from './trace-hash.ts'
import { VirtualClock } from './virtual-clock.ts'

/** A test that takes longer, on its own clock, has failed. */
export const TEST_LIMIT_MS = 120_000

/** What one thread takes to hand over to another: between these, so that no order among threads can be relied on. */
const MIN_HANDOVER_MS = 0.01
const HANDOVER_RANGE_MS = 0.04

/** Which clock a run goes by, and what it needs of the host for that. */
export type RunClock =
  // `shuffle` runs events of one instant in a random order, to bring out races.
  | { readonly kind: 'virtual'; readonly hop: Hop; readonly shuffle?: boolean }
  | { readonly kind: 'wall'; readonly clock: Clock }

/** What a run needs besides its test: `make`, `seed` and `clock` decide how it goes, the rest watches and reports. */
export interface RunOptions {
  readonly make: Make
  readonly seed: number
  readonly clock: RunClock
  /** Is told all that happens. */
  readonly observer?: LabObserver
  /** Called once for the run; what it returns is handed to each instance as `env.onStep`. */
  readonly watchSteps?: () => OnStep
  /** Real time in milliseconds, for `wallMs`. */
  readonly realTime?: () => number
  /**
   * Reports promises that the code under test rejects and nobody handles, until the returned function is called. On
   * Node: listen to the process's 'unhandledRejection'. Without it such errors are the host's to notice.
   */
  readonly catchRejections?: (report: (error: unknown) => void) => () => void
}

/** Never rejects on account of the code under test: a failure is in the result. */
export async function runTest(test: LabTest, options: RunOptions): Promise<LabResult> {
  const realTime = options.realTime ?? (() => 0)
  const begun = realTime()
  const run = new Run(test, options)
  const error = await run.perform()
  return run.result(error, realTime() - begun)
}

class Run {
  private readonly test: LabTest
  private readonly options: RunOptions
  private readonly hash = new TraceHash()
  private readonly random: Random
  private readonly labgob: Labgob
  private readonly virtualClock: VirtualClock | null
  private readonly clock: GuardedClock
  private readonly aborted: Promise<never>
  private abort: (error: Error) => void = () => {}
  private config: LabConfig | null = null
  private endedMs = 0

  constructor(test: LabTest, options: RunOptions) {
    this.test = test
    this.options = options
    this.random = new Random(options.seed)
    this.labgob = new Labgob((text) => this.emit({ kind: 'warning', time: this.clock.now(), text }))
    this.aborted = new Promise((_, reject) => {
      this.abort = reject
    })
    const shuffle = this.random.split()
    const host = options.clock
    this.virtualClock = host.kind === 'virtual' ? new VirtualClock(host.hop, host.shuffle ? shuffle : null) : null
    const clock = host.kind === 'wall' ? host.clock : (this.virtualClock as VirtualClock)
    this.clock = new GuardedClock(clock, (error) => this.abort(asError(error)), clock.now())
  }

  /** The error that the test failed with, or null. */
  async perform(): Promise<Error | null> {
    const release = this.options.catchRejections?.((error) => this.abort(this.uncaught(error)))
    try {
      const goal = Promise.race([this.body(), this.aborted])
      await (this.virtualClock?.run(goal, TEST_LIMIT_MS) ?? this.onWallClock(goal))
      return null
    } catch (error) {
      this.config?.say(() => `failed: ${asError(error).message}`)
      return asError(error)
    } finally {
      release?.()
      this.endedMs = this.clock.now()
      this.config?.cleanup()
      this.clock.close()
    }
  }

  private onWallClock(goal: Promise<void>): Promise<void> {
    this.clock.schedule(TEST_LIMIT_MS, () => this.abort(tooLong()))
    return goal
  }

  result(error: Error | null, wallMs: number): LabResult {
    const { test, options, config } = this
    return {
      test: test.name,
      title: test.title,
      part: test.part,
      seed: options.seed,
      clock: options.clock.kind,
      shuffled: options.clock.kind === 'virtual' && options.clock.shuffle === true,
      passed: error === null,
      seconds: this.endedMs / 1000,
      peers: test.servers,
      rpcs: config?.network.totalCount ?? 0,
      bytes: config?.network.totalBytes ?? 0,
      commits: config?.applied.maxIndex ?? 0,
      wallMs,
      traceHash: this.hash.digest(),
      labgobProblems: this.labgob.problems,
      ...(error === null ? {} : { error }),
    }
  }

  private async body(): Promise<void> {
    this.config = new LabConfig(this.clusterOptions(), this.random.split())
    this.config.startAll()
    await this.test.run(this.config)
  }

  private clusterOptions(): ClusterOptions {
    const { test, options } = this
    return {
      servers: test.servers,
      unreliable: test.unreliable,
      applier: test.snapshots ? applierSnap : applier,
      make: options.make,
      clock: this.clock,
      handOver: this.handOver(),
      networkRandom: this.random.split(),
      serverRandom: this.random.split(),
      labgob: this.labgob,
      onStep: options.watchSteps?.(),
      emit: (event) => this.emit(event),
      observed: options.observer !== undefined,
      abort: (error) => this.abort(error),
    }
  }

  private handOver(): (action: () => void) => void {
    const { clock } = this
    if (this.virtualClock === null) return (action) => clock.soon(action)
    const random = this.random.split()
    return (action) => clock.schedule(MIN_HANDOVER_MS + HANDOVER_RANGE_MS * random.fraction(), action)
  }

  private emit(event: LabEvent): void {
    this.hash.add(event)
    this.options.observer?.(event)
  }

  private uncaught(error: unknown): LabFailure {
    const what = error instanceof Error ? `${error.name}: ${error.message}` : String(error)
    const at = this.clock.now().toFixed(1)
    return new LabFailure(`a promise that nobody handles was rejected at ${at} ms: ${what}`, { cause: error })
  }
}

function tooLong(): LabFailure {
  return new LabFailure(`expected an end within ${TEST_LIMIT_MS / 1000} s, saw none`)
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new LabFailure(`something that is no Error was thrown: ${String(error)}`)
}
