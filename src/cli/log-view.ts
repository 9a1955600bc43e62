// Log lines as they are read: time, topic, and the text in its server's column, or after its server's name.
//
//      152.3 VOTE S0→S2 RequestVote term 1
//      152.4 TRCE                         S0→S2 RequestVote arrives

import type { LogLine } from './log-line.ts'
import { paint } from './topics.ts'

const TIME_WIDTH = 9
const MIN_COLUMN = 16

/** How lines are laid out. */
export interface View {
  /** In characters. */
  readonly width: number
  /** How many columns; 0 for none. */
  readonly columns: number
  readonly colored: boolean
}

/** A text that is too long for its column goes on below. */
export function renderLine(line: LogLine, view: View): string {
  const head = `${line.time.toFixed(1).padStart(TIME_WIDTH)} ${line.topic} `
  const body = view.columns === 0 ? [named(line)] : inColumn(line, view, view.width - head.length)
  const indent = ' '.repeat(head.length)
  const text = body.map((part, i) => `${i === 0 ? head : indent}${part}`).join('\n')
  return view.colored ? paint(line.topic, text) : text
}

function named({ server, text }: LogLine): string {
  return server === null ? text : `S${server} ${text}`
}

function inColumn({ server, text }: LogLine, { columns }: View, width: number): string[] {
  if (server === null) return wrap(text, Math.max(width, MIN_COLUMN))
  const column = Math.max(Math.floor(width / columns), MIN_COLUMN)
  return wrap(text, column - 1).map((part) => `${' '.repeat(server * column)}${part}`)
}

/** Broken at spaces, and within a word only where the word alone is too long. */
function wrap(text: string, width: number): string[] {
  const parts: string[] = []
  let rest = text
  while (rest.length > width) {
    const space = rest.lastIndexOf(' ', width)
    const end = space > 0 ? space : width
    parts.push(rest.slice(0, end))
    rest = rest.slice(end).trimStart()
  }
  return [...parts, rest]
}
