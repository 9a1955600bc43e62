// For other programs: one object a line for each run, and a last one that sums up.

import type { RunSetting } from './lab-arguments.ts'
import { replayCommand } from './replay.ts'
import type { Reporter, Summary } from './reporter.ts'
import type { RunReport } from './run-report.ts'
import type { Terminal } from './terminal.ts'

export class JsonReporter implements Reporter {
  private readonly terminal: Terminal
  private readonly setting: RunSetting

  constructor(terminal: Terminal, setting: RunSetting) {
    this.terminal = terminal
    this.setting = setting
  }

  begin(): void {}

  started(): void {}

  happened(): void {}

  finished({ failure, ...figures }: RunReport): void {
    const replay = replayCommand(figures.test, figures.seed, this.setting)
    const failed = { error: failure?.message ?? null, property: failure?.property ?? null, replay }
    this.terminal.print(JSON.stringify({ ...figures, ...failed }))
  }

  end({ passed, failed, wallMs }: Summary): void {
    this.terminal.print(JSON.stringify({ summary: true, passed, failed, wallMs }))
  }
}
