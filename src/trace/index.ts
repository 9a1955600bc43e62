// `quorate/trace`: recording what happens in a cluster, and the page that shows it.

export { tracePage } from './page.ts'
export { TraceRecorder } from './recorder.ts'
export {
  countOf,
  eventAt,
  type LinkState,
  type Outcome,
  type Trace,
  type TraceColumns,
  type TraceEvent,
  type TraceHeader,
  type TraceKind,
  type TraceRole,
} from './trace.ts'
export { decodeTrace, encodeTrace } from './trace-file.ts'
