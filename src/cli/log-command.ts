// `quorate log FILE`: reads the log of a run again, with filters.

import { readPattern } from './choose-tests.ts'
import { type LogHeader, readLog } from './log-file.ts'
import { type LineFilter, passes } from './log-line.ts'
import { renderLine } from './log-view.ts'
import { wholeNumber } from './numbers.ts'
import { type GivenOptions, readOptions } from './options.ts'
import { openTerminal } from './terminal.ts'
import { readTopics } from './topics.ts'
import { LOG_HELP, UsageError } from './usage.ts'

const MAX_MS = 10_000_000
const MAX_SERVER = 99

const TYPES = {
  help: 'boolean',
  only: 'string',
  except: 'string',
  server: 'string',
  from: 'string',
  to: 'string',
  grep: 'string',
  columns: 'boolean',
  color: 'boolean',
} as const

/** @returns the exit status; @throws UsageError */
export function logCommand(args: readonly string[]): number {
  const given = readOptions('log', args, TYPES)
  const terminal = openTerminal(given.flag('color'))
  if (given.flag('help')) {
    terminal.print(LOG_HELP)
    return 0
  }
  const [file, more] = given.words
  if (file === undefined) throw new UsageError('quorate log: say which file, such as .quorate/lab/TestBackup2B-7.log')
  if (more !== undefined) throw new UsageError(`quorate log: one file at a time, not also ${more}`)
  const filter = readFilter(given)
  const { header, lines } = readLog(file)
  const { width, colored } = terminal
  const view = { width, colored, columns: given.flag('columns') ? header.servers : 0 }
  for (const line of describeHeader(header)) terminal.print(line)
  for (const line of lines) if (passes(line, filter)) terminal.print(renderLine(line, view))
  return 0
}

function describeHeader({ test, title, seed, clock, replay, omitted }: LogHeader): string[] {
  const lines = [`${title} (${test}), seed ${seed}, ${clock} clock`, `again: ${replay}`]
  return omitted === 0 ? lines : [...lines, `the first ${omitted} events were let go`]
}

function readFilter(given: GivenOptions): LineFilter {
  const [only, except, server, grep] = ['only', 'except', 'server', 'grep'].map((option) => given.text(option))
  return {
    ...(only === undefined ? {} : { only: readTopics('only', only) }),
    ...(except === undefined ? {} : { except: readTopics('except', except) }),
    ...(server === undefined ? {} : { servers: readServers(server) }),
    ...(grep === undefined ? {} : { pattern: readPattern('grep', grep) }),
    fromMs: wholeNumber('from', given.text('from') ?? '0', 0, MAX_MS),
    toMs: wholeNumber('to', given.text('to') ?? String(MAX_MS), 0, MAX_MS),
  }
}

function readServers(list: string): ReadonlySet<number> {
  return new Set(list.split(',').map((server) => wholeNumber('server', server.trim(), 0, MAX_SERVER)))
}
