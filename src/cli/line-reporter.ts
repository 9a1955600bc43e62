// One run of each test: the lab's own two lines for a test that passed, and all that is known about one that failed.

import type { LabEvent, Topic } from '../lab/event.ts'
import { formatPassed, formatStart, type LabTest } from '../lab/index.ts'
import { describeEvent } from './describe-event.ts'
import { failureLines } from './failure-lines.ts'
import type { LabArguments } from './lab-arguments.ts'
import { renderLine } from './log-view.ts'
import type { Order } from './orders.ts'
import type { Reporter, Summary } from './reporter.ts'
import type { RunReport } from './run-report.ts'
import type { Terminal } from './terminal.ts'

export class LineReporter implements Reporter {
  private readonly terminal: Terminal
  private readonly options: LabArguments

  constructor(terminal: Terminal, options: LabArguments) {
    this.terminal = terminal
    this.options = options
  }

  begin(): void {
    const { clock, race, seed } = this.options
    this.terminal.print(`seed ${seed}, ${clock} clock${race ? ', looking for races' : ''}`)
  }

  /** With several at once, titles would come before others' results. */
  started({ test }: Order): void {
    if (this.options.jobs === 1) this.terminal.print(formatStart(test))
  }

  happened(test: LabTest, event: LabEvent): void {
    const { log } = this.options
    if (log === null || !wanted(event, log)) return
    const line = describeEvent(event)
    if (!log.has(line.topic)) return
    const { width, colored } = this.terminal
    this.terminal.print(renderLine(line, { width, colored, columns: test.servers }))
  }

  finished(report: RunReport): void {
    const { jobs, log } = this.options
    if (jobs > 1) this.terminal.print(`${report.title} ...`)
    if (log === null) for (const warning of report.warnings) this.terminal.print(`  ${warning}`)
    if (report.passed) this.terminal.print(formatPassed({ ...report, shuffled: report.race, labgobProblems: 0 }))
    else for (const line of failureLines(report, this.options)) this.terminal.print(line)
  }

  end({ passed, failed, wallMs, interrupted }: Summary): void {
    const seconds = (wallMs / 1000).toFixed(1)
    const verdict = failed > 0 ? 'FAIL' : interrupted ? 'STOP' : 'PASS'
    this.terminal.print(`${verdict}: ${passed} passed, ${failed} failed, ${seconds} s real, seed ${this.options.seed}`)
  }
}

/** Whether its line may be wanted: to describe a call, its body must be decoded. */
function wanted(event: LabEvent, topics: ReadonlySet<Topic>): boolean {
  return event.kind !== 'log' || topics.has(event.topic)
}
