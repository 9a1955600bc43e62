// The log of a run as a file. The first line is a JSON object that says which run it was; each further line is a JSON
// array [milliseconds, topic, server or null, text], so that grep and jq find their way too:
//
//   {"log":"quorate lab","version":1,"test":"TestBackup2B","seed":7,"clock":"virtual","servers":5,"replay":"npx …"}
//   [152.3041,"VOTE",0,"S0→S2 RequestVote term 1"]

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Topic } from '../lab/event.ts'
import type { LogLine } from './log-line.ts'
import { TOPICS } from './topics.ts'
import { UsageError } from './usage.ts'

const KIND = 'quorate lab'
const VERSION = 1

/** Which run a log is of. */
export interface LogHeader {
  readonly test: string
  readonly title: string
  readonly seed: number
  readonly clock: 'virtual' | 'wall'
  readonly servers: number
  /** The command that runs it again. */
  readonly replay: string
  /** Lines at the start that were left out, because there were too many. */
  readonly omitted: number
}

/** A whole log: which run, and its lines in order. */
export interface RunLog {
  readonly header: LogHeader
  readonly lines: readonly LogLine[]
}

/** Creates the folder too. */
export function writeLog(file: string, { header, lines }: RunLog): void {
  mkdirSync(dirname(file), { recursive: true })
  const head = JSON.stringify({ log: KIND, version: VERSION, ...header })
  const rows = lines.map(({ time, topic, server, text }) => JSON.stringify([round(time), topic, server, text]))
  writeFileSync(file, `${[head, ...rows].join('\n')}\n`)
}

/** @throws UsageError when the file cannot be read or is no such log */
export function readLog(file: string): RunLog {
  const [head = '', ...rows] = readText(file).trimEnd().split('\n')
  const header = parse(head) as (LogHeader & { log?: unknown; version?: unknown }) | null
  if (header?.log !== KIND) throw new UsageError(`${file} is no log of quorate lab`)
  if (header.version !== VERSION) {
    throw new UsageError(`${file} is a log of version ${String(header.version)}; this program reads version ${VERSION}`)
  }
  return { header, lines: rows.map((row, i) => readRow(file, row, i + 2)) }
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    throw new UsageError(code === 'ENOENT' ? `${file}: there is no such file` : `${file} cannot be read: ${code}`)
  }
}

function readRow(file: string, row: string, lineNumber: number): LogLine {
  const parsed = parse(row)
  const [time, topic, server, text] = (Array.isArray(parsed) ? parsed : []) as unknown[]
  const known = TOPICS.some((each) => each === topic)
  if (typeof time !== 'number' || !known || typeof text !== 'string') {
    throw new UsageError(`${file}: line ${lineNumber} is damaged`)
  }
  return { time, topic: topic as Topic, server: typeof server === 'number' ? server : null, text }
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch {
    return null
  }
}

/** To a tenth of a microsecond. */
function round(ms: number): number {
  return Math.round(ms * 1e4) / 1e4
}
