// A recorded run as text: JSON with one array a column. Times are differences in microseconds, texts are numbers into a
// list of all different ones, so that what compresses well is what is there: 100,000 events are about 3 MB, and
// compressed less than one.
//
//   {"trace":"quorate","version":1,"kinds":["start",…],"header":{…},"omitted":0,"strings":["",…],
//    "columns":{"at":[0,12,…],"kind":[…],"server":[…],"a":[…],"b":[…],"c":[…],"d":[…],"text":[…]}}

import { KIND, TRACE_KINDS, type Trace, type TraceHeader, type TraceKind } from './trace.ts'

const WHAT = 'quorate'
const VERSION = 1
const PER_MS = 1000

interface TraceFile {
  readonly trace: string
  readonly version: number
  readonly kinds: readonly string[]
  readonly header: TraceHeader
  readonly omitted: number
  readonly strings: readonly string[]
  readonly columns: { readonly [name in 'at' | 'kind' | 'server' | 'a' | 'b' | 'c' | 'd' | 'text']: number[] }
}

export function encodeTrace({ header, events, omitted }: Trace): string {
  const strings = new Map<string, number>([['', 0]])
  const text = events.text.map((one) => {
    const known = strings.get(one)
    if (known !== undefined) return known
    strings.set(one, strings.size)
    return strings.size - 1
  })
  const { kind, server, a, b, c, d } = events
  const columns = { at: differences(events.at), kind, server, a, b, c, d, text }
  const file: TraceFile = {
    ...{ trace: WHAT, version: VERSION, kinds: TRACE_KINDS },
    ...{ header, omitted, strings: [...strings.keys()], columns },
  }
  return JSON.stringify(file)
}

/** @throws Error when it is no trace, or one of another version */
export function decodeTrace(json: string): Trace {
  const file = JSON.parse(json) as Partial<TraceFile>
  if (file.trace !== WHAT) throw new Error('this is no trace of quorate')
  if (file.version !== VERSION) throw new Error(`a trace of version ${file.version}; this reads version ${VERSION}`)
  const { header, omitted, strings, columns, kinds } = file as TraceFile
  const codes = kinds.map((kind) => KIND[kind as TraceKind] ?? -1)
  const events = {
    ...columns,
    at: sums(columns.at),
    kind: columns.kind.map((number) => codes[number] ?? -1),
    text: columns.text.map((number) => strings[number] ?? ''),
  }
  return { header, events, omitted }
}

/** Rounded as a whole, not one by one: errors must not add up. */
function differences(at: readonly number[]): number[] {
  let before = 0
  return at.map((time) => {
    const rounded = Math.round(time * PER_MS)
    const difference = rounded - before
    before = rounded
    return difference
  })
}

function sums(differences: readonly number[]): number[] {
  let time = 0
  return differences.map((difference) => {
    time += difference
    return time / PER_MS
  })
}
