// What clients asked for, as bars: from the question to the answer, those of one client that overlap in rows of their
// own.

import { KIND, OUTCOMES, type Outcome, type Trace } from '../trace.ts'

/** One operation. */
export interface Operation {
  readonly id: number
  readonly client: number
  readonly text: string
  readonly begin: number
  readonly beginPlace: number
  /** The end of the run for one that never returned. */
  end: number
  endPlace: number
  outcome: Outcome
  answer: string
  /** The row in its client's lane, from 0. */
  row: number
}

/** With more at the same time, bars of one client lie upon each other. */
const MAX_ROWS = 5

export interface Operations {
  /** In the order in which they began. */
  readonly all: readonly Operation[]
  /** The number of rows of each client. */
  readonly rows: readonly number[]
  readonly byId: ReadonlyMap<number, Operation>
}

/** Pairs questions with answers. An answer without a question is left out. */
export function operationsOf(trace: Trace): Operations {
  const { at, kind, server, a, b, text } = trace.events
  const endOfRun = at.at(-1) ?? 0
  const all: Operation[] = []
  const byId = new Map<number, Operation>()
  for (let place = 0; place < at.length; place++) {
    const [code, id] = [kind[place], a[place] ?? 0]
    if (code === KIND.invoke) {
      const begun = {
        id,
        client: server[place] ?? 0,
        text: text[place] ?? '',
        begin: at[place] ?? 0,
        beginPlace: place,
      }
      const operation: Operation = { ...begun, end: endOfRun, endPlace: -1, outcome: 'unknown', answer: '', row: 0 }
      all.push(operation)
      byId.set(id, operation)
    } else if (code === KIND.return) {
      const operation = byId.get(id)
      if (operation === undefined) continue
      operation.end = at[place] ?? 0
      operation.endPlace = place
      operation.outcome = OUTCOMES[b[place] ?? 2] ?? 'unknown'
      operation.answer = text[place] ?? ''
    }
  }
  return { all, byId, rows: placeInRows(all, trace.header.clients.length) }
}

/** Each in the first row that is free when it begins. */
function placeInRows(all: readonly Operation[], clients: number): number[] {
  const ends: number[][] = Array.from({ length: clients }, () => [])
  for (const operation of all) {
    const rows = ends[operation.client]
    if (rows === undefined) continue
    const free = rows.findIndex((end) => end <= operation.begin)
    operation.row = free >= 0 ? free : Math.min(rows.length, MAX_ROWS - 1)
    rows[operation.row] = Math.max(rows[operation.row] ?? 0, operation.end)
  }
  return ends.map((rows) => Math.max(1, rows.length))
}
