// Many runs of each test: progress on a terminal, failures as they come, and a table at the end.

import { failureLines } from './failure-lines.ts'
import type { LabArguments } from './lab-arguments.ts'
import { LineReporter } from './line-reporter.ts'
import type { Order } from './orders.ts'
import type { Summary } from './reporter.ts'
import type { RunReport } from './run-report.ts'
import { table } from './table.ts'
import type { Terminal } from './terminal.ts'

export class TableReporter extends LineReporter {
  private readonly screen: Terminal
  private readonly setting: LabArguments
  private readonly total: number
  private readonly reports: RunReport[] = []
  private readonly running = new Set<string>()

  constructor(screen: Terminal, setting: LabArguments, total: number) {
    super(screen, setting)
    this.screen = screen
    this.setting = setting
    this.total = total
  }

  override started({ test, seed }: Order): void {
    this.running.add(nameOf(test.name, seed))
    this.showProgress()
  }

  override finished(report: RunReport): void {
    this.running.delete(nameOf(report.test, report.seed))
    this.reports.push(report)
    if (!report.passed) for (const line of failureLines(report, this.setting)) this.screen.print(line)
    this.showProgress()
  }

  override end(summary: Summary): void {
    this.screen.progress('')
    for (const line of table(this.reports)) this.screen.print(line)
    super.end(summary)
  }

  private showProgress(): void {
    const failed = this.reports.filter(({ passed }) => !passed).length
    const running = [...this.running].join(', ')
    this.screen.progress(`${this.reports.length} of ${this.total} runs done, ${failed} failed; running ${running}`)
  }
}

function nameOf(test: string, seed: number): string {
  return `${test} (${seed})`
}
