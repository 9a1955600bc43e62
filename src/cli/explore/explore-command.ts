// `quorate explore`: all states that the core can reach within bounds, one after the other.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  type Ending,
  type Exploration,
  Explorer,
  type Figures,
  scriptOf,
  specJudge,
  tellPath,
} from '../../explore/index.ts'
import { openTerminal, type Terminal } from '../terminal.ts'
import { EXPLORE_HELP } from '../usage.ts'
import { type ExploreArguments, readExploreArguments } from './explore-arguments.ts'
import { boundsLine, progressLine, type Spent, summaryLines, summaryObject } from './explore-report.ts'
import { FileFrontierStore } from './file-frontier-store.ts'

/** Nothing bad; a violation; a limit was reached before all was seen. */
const STATUS: { readonly [ending in Ending]: number } = { exhausted: 0, violation: 1, states: 3, memory: 3, stopped: 3 }
const PROGRESS_MS = 1000
/** Where nobody watches, progress is a line now and then. */
const LINE_MS = 60_000

/** @returns the exit status; @throws UsageError before anything runs */
export async function exploreCommand(args: readonly string[]): Promise<number> {
  const options = readExploreArguments(args)
  const terminal = openTerminal()
  if (options.help) {
    terminal.print(EXPLORE_HELP)
    return 0
  }
  const folder = options.folder ?? mkdtempSync(join(tmpdir(), 'quorate-explore-'))
  const store = new FileFrontierStore(folder)
  try {
    return explore(options, store, terminal)
  } finally {
    store.remove()
    if (options.folder === null) rmSync(folder, { recursive: true })
  }
}

function explore(options: ExploreArguments, store: FileFrontierStore, terminal: Terminal): number {
  const { bounds, maxStates, memory, symmetry, vanish, sleep, spec } = options
  const limit = maxStates === null ? {} : { maxStates }
  const judge = spec ? { judge: specJudge(bounds) } : {}
  const explorer = new Explorer({ bounds, store, memory, symmetry, vanish, sleep, ...limit, ...judge })
  if (!options.json) terminal.print(boundsLine(bounds))
  const watch = new Watch(options, terminal)
  const exploration = explorer.run((figures) => watch.goOn(figures))
  terminal.progress('')
  report(options, explorer, exploration, watch.spent, terminal)
  return STATUS[exploration.ending]
}

function report(
  { bounds, json, spec }: ExploreArguments,
  explorer: Explorer,
  exploration: Exploration,
  spent: Spent,
  terminal: Terminal,
): void {
  const { violation } = exploration
  const script = violation && scriptOf(violation.detail, bounds, tellPath(explorer, bounds, violation.actions))
  if (json) {
    terminal.print(JSON.stringify({ ...summaryObject(bounds, exploration, spent), spec, script }))
    return
  }
  for (const line of summaryLines(bounds, exploration, spent)) terminal.print(line)
  if (script !== null) terminal.print(`\nAs a script for src/raft/testdata:\n\n${script}`)
}

/** Shows progress, and ends the run when its time is up. */
class Watch {
  private readonly options: ExploreArguments
  private readonly terminal: Terminal
  private readonly begun = performance.now()
  private shownAt = 0
  private shownStates = 0

  constructor(options: ExploreArguments, terminal: Terminal) {
    this.options = options
    this.terminal = terminal
  }

  get spent(): Spent {
    const { user, system } = process.cpuUsage()
    return { wallMs: Math.round(performance.now() - this.begun), cpuMs: Math.round((user + system) / 1000) }
  }

  goOn(figures: Figures): boolean {
    const wallMs = performance.now() - this.begun
    const { live } = this.terminal
    if (wallMs - this.shownAt >= (live ? PROGRESS_MS : LINE_MS)) this.show(figures, wallMs)
    return this.options.minutes === null || wallMs < this.options.minutes * 60_000
  }

  private show(figures: Figures, wallMs: number): void {
    const rate = ((figures.states - this.shownStates) / (wallMs - this.shownAt)) * 1000
    const line = progressLine(figures, rate, this.spent)
    if (this.terminal.live) this.terminal.progress(line)
    else if (!this.options.json) this.terminal.print(line)
    this.shownAt = wallMs
    this.shownStates = figures.states
  }
}
