// Performs runs on Node: gives each what it needs of the host, keeps the log of those that fail, and says how it went.

import { systemClock } from '../io/system-clock.ts'
import type { LabEvent } from '../lab/event.ts'
import { type LabFailure, type LabResult, type LabTest, type RunClock, type RunOptions, runTest } from '../lab/index.ts'
import { checkRaces } from '../lab/race.ts'
import { AmbientGuard } from './ambient.ts'
import { instanceContext } from './instance-context.ts'
import type { RunSetting } from './lab-arguments.ts'
import { loadRaft, type RaftUnderTest } from './load-raft.ts'
import { writeLog } from './log-file.ts'
import type { LogLine } from './log-line.ts'
import { Recorder } from './recorder.ts'
import { replayCommand } from './replay.ts'
import { failureOf, type RunReport } from './run-report.ts'
import { LabTracer } from './trace/lab-tracer.ts'
import { writeTrace } from './trace/write-trace.ts'

const LOG_FOLDER = '.quorate/lab'

/** Taken before the guard replaces them. */
const hop = setImmediate
const now = performance.now.bind(performance)

/** Runs tests one after the other, in this process. */
export class Runner {
  private readonly setting: RunSetting
  private readonly raft: RaftUnderTest
  private readonly guard: AmbientGuard | null

  private constructor(setting: RunSetting, raft: RaftUnderTest, guard: AmbientGuard | null) {
    this.setting = setting
    this.raft = raft
    this.guard = guard
  }

  /** @throws UsageError when the Raft under test does not load */
  static async load(setting: RunSetting): Promise<Runner> {
    const guard = setting.raft !== null && setting.clock === 'virtual' ? new AmbientGuard() : null
    guard?.install()
    const raft = await loadRaft(setting.raft)
    if (!setting.race) return new Runner(setting, raft, guard)
    return new Runner(setting, { ...raft, make: checkRaces(raft.make, instanceContext()) }, guard)
  }

  /**
   * @param onEvent is told what happens as it happens
   * @param traceFile where the page that shows this run is written; null for nowhere
   */
  async perform(
    test: LabTest,
    seed: number,
    onEvent: (event: LabEvent) => void = () => {},
    traceFile: string | null = null,
  ): Promise<RunReport> {
    const recorder = new Recorder()
    const observer = (event: LabEvent): void => {
      recorder.add(event)
      onEvent(event)
    }
    const cpuBefore = process.cpuUsage()
    const tracer = traceFile === null ? null : new LabTracer(this.setting.raft === null)
    const options = { ...this.options(seed), observer }
    const result = await this.run(test, tracer?.listen(options) ?? options)
    const cpu = process.cpuUsage(cpuBefore)
    if (tracer !== null && traceFile !== null) {
      writeTrace(traceFile, tracer.finish(result, replayCommand(test.name, seed, this.setting)))
    }
    return this.report(result, recorder, Math.round((cpu.user + cpu.system) / 1000))
  }

  /** Gives time and chance of the host back. */
  close(): void {
    this.guard?.restore()
  }

  private async run(test: LabTest, options: RunOptions): Promise<LabResult> {
    if (this.guard === null) return runTest(test, options)
    const { result, used } = await this.guard.during(() => runTest(test, options))
    return used === null ? result : failedBy(result, used)
  }

  private options(seed: number): RunOptions {
    return { ...this.raft, seed, clock: this.clock(), realTime: now, catchRejections: listenForErrors }
  }

  private clock(): RunClock {
    if (this.setting.clock === 'wall') return { kind: 'wall', clock: systemClock() }
    return { kind: 'virtual', hop, shuffle: this.setting.race }
  }

  private report(result: LabResult, recorder: Recorder, cpuMs: number): RunReport {
    const { test, title, part, seed, clock, passed, seconds, peers, rpcs, bytes, commits, wallMs, traceHash } = result
    const figures = { test, title, part, seed, clock, passed, seconds, peers, rpcs, bytes, commits, traceHash }
    return {
      ...figures,
      wallMs: Math.round(wallMs),
      race: this.setting.race,
      cpuMs,
      warnings: recorder.warnings,
      failure: result.error === undefined ? null : failureOf(result.error),
      logFile: result.error === undefined ? null : this.keepLog(result, recorder, result.error.message),
    }
  }

  private keepLog(result: LabResult, recorder: Recorder, message: string): string {
    const { test, title, seed, clock, peers: servers } = result
    const file = `${LOG_FOLDER}/${test}-${seed}.log`
    const replay = replayCommand(test, seed, this.setting)
    const header = { test, title, seed, clock, servers, replay, omitted: recorder.omitted }
    const lines = recorder.lines()
    const end: LogLine = { time: result.seconds * 1000, topic: 'ERRO', server: null, text: `failed: ${message}` }
    if (!lines.some(({ text }) => text === end.text)) lines.push(end)
    writeLog(file, { header, lines })
    return file
  }
}

function failedBy(result: LabResult, error: LabFailure): LabResult {
  return { ...result, passed: false, error }
}

/** Errors that nobody handles are the failure of the test that runs, not the end of the process. */
function listenForErrors(report: (error: unknown) => void): () => void {
  process.on('unhandledRejection', report)
  process.on('uncaughtException', report)
  return () => {
    process.off('unhandledRejection', report)
    process.off('uncaughtException', report)
  }
}
