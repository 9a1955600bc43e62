// `quorate lab`: chooses tests, runs them here or in worker processes, and reports.

import { chooseTests } from './choose-tests.ts'
import { JsonReporter } from './json-reporter.ts'
import { type LabArguments, readLabArguments } from './lab-arguments.ts'
import { LineReporter } from './line-reporter.ts'
import { type Order, planOrders } from './orders.ts'
import { Runner } from './perform-run.ts'
import type { Reporter } from './reporter.ts'
import type { RunReport } from './run-report.ts'
import { SuiteLimit } from './suite-limit.ts'
import { TableReporter } from './table-reporter.ts'
import { openTerminal } from './terminal.ts'
import { LAB_HELP, UsageError } from './usage.ts'
import { WorkerPool } from './worker-pool.ts'

const PASSED = 0
const FAILED = 1
const INTERRUPTED = 130

/** @returns the exit status; @throws UsageError before anything runs */
export async function labCommand(args: readonly string[]): Promise<number> {
  const options = readLabArguments(args)
  const terminal = openTerminal(options.color)
  if (options.help) {
    terminal.print(LAB_HELP)
    return PASSED
  }
  const orders = planOrders(chooseTests(options.run), options.seed, options.runs)
  if (options.trace !== null && orders.length > 1) {
    const [first] = orders
    throw new UsageError(
      `--trace shows one run, and ${orders.length} tests match: choose one, as --run ${first?.test.name}`,
    )
  }
  // Loaded here even when workers do the work: a module that does not load is said once, before anything else.
  const runner = await Runner.load(options)
  const session = new Session(options, reporterFor(options, orders.length))
  return session.run(orders, runner)
}

function reporterFor(options: LabArguments, runs: number): Reporter {
  const terminal = openTerminal(options.color)
  if (options.json) return new JsonReporter(terminal, options)
  return options.runs > 1 ? new TableReporter(terminal, options, runs) : new LineReporter(terminal, options)
}

/** The runs of one command. */
class Session {
  private readonly options: LabArguments
  private readonly reporter: Reporter
  private readonly limit = new SuiteLimit()
  private passed = 0
  private failed = 0

  constructor(options: LabArguments, reporter: Reporter) {
    this.options = options
    this.reporter = reporter
  }

  async run(orders: readonly Order[], runner: Runner): Promise<number> {
    const begun = performance.now()
    this.reporter.begin()
    const interrupted = this.options.jobs === 1 ? await this.runHere(orders, runner) : await this.runElsewhere(orders)
    runner.close()
    const { passed, failed } = this
    this.reporter.end({ passed, failed, wallMs: Math.round(performance.now() - begun), interrupted })
    if (interrupted) return INTERRUPTED
    return failed === 0 ? PASSED : FAILED
  }

  private async runHere(orders: readonly Order[], runner: Runner): Promise<false> {
    for (const order of orders) {
      this.reporter.started(order)
      const { test, seed } = order
      this.record(await runner.perform(test, seed, (event) => this.reporter.happened(test, event), this.options.trace))
    }
    return false
  }

  /** An interrupt ends the workers, and what is done by then is reported. */
  private async runElsewhere(orders: readonly Order[]): Promise<boolean> {
    let interrupted = false
    const pool = new WorkerPool(orders, this.options, {
      onStart: (order) => this.reporter.started(order),
      onReport: (report) => this.record(report),
    })
    const interrupt = (): void => {
      interrupted = true
      pool.stop()
    }
    process.once('SIGINT', interrupt)
    await pool.run(this.options.jobs)
    process.off('SIGINT', interrupt)
    return interrupted
  }

  private record(report: RunReport): void {
    const admitted = this.limit.admit(report)
    if (admitted.passed) this.passed++
    else this.failed++
    this.reporter.finished(admitted)
  }
}
