// What happened in a run, in words: one line for each event.

import type { LabEvent, Topic } from '../lab/event.ts'
import { Labgob } from '../lab/index.ts'
import type { LogLine } from './log-line.ts'

type RpcEvent = Extract<LabEvent, { readonly method: string }>

/** Who it is from and to, and which message: the line says so already. */
const SAID_ALREADY = new Set(['type', 'from', 'to'])
const MAX_TEXT = 24

const labgob = new Labgob()

export function describeEvent(event: LabEvent): LogLine {
  const { time } = event
  switch (event.kind) {
    case 'rpc sent':
    case 'rpc received':
    case 'rpc delayed':
    case 'rpc replied':
    case 'rpc dropped':
      return describeRpc(event)
    case 'connect':
    case 'disconnect':
    case 'crash':
    case 'start':
      return { time, topic: 'TEST', server: event.server, text: `── ${event.kind} S${event.server}` }
    case 'apply':
      return {
        time,
        topic: 'CMIT',
        server: event.server,
        text: `applied ${event.index}: ${describeValue(event.command)}`,
      }
    case 'apply snapshot':
      return { time, topic: 'SNAP', server: event.server, text: `restored ${event.index} from ${event.bytes} B` }
    case 'persist':
      return { time, topic: 'PERS', server: event.server, text: saved(event.raftStateBytes, event.snapshotBytes) }
    case 'log':
      return { time, topic: event.topic, server: event.server, text: event.text }
    case 'tester':
      return { time, topic: event.text.startsWith('failed: ') ? 'ERRO' : 'TEST', server: null, text: event.text }
    case 'warning':
      return { time, topic: 'WARN', server: null, text: event.text }
  }
}

/** A call stands in its caller's column; only its arrival stands in that of the server which handles it. */
function describeRpc(event: RpcEvent): LogLine {
  const { time, from, to, method } = event
  const name = method.slice(method.lastIndexOf('.') + 1)
  const call = `S${from}→S${to} ${name}`
  const caller = from === -1 ? null : from
  switch (event.kind) {
    case 'rpc sent':
      return { time, topic: topicOf(name), server: caller, text: `${call}${describeFields(event.body)}` }
    case 'rpc received':
      return { time, topic: 'TRCE', server: to, text: `${call} arrives` }
    case 'rpc delayed':
      return { time, topic: 'DROP', server: caller, text: `${call}: reply held back ${event.delayMs} ms` }
    case 'rpc replied':
      return {
        time,
        topic: replyTopicOf(name),
        server: caller,
        text: `S${from}←S${to} ${name}${describeFields(event.body)}`,
      }
    case 'rpc dropped':
      return { time, topic: 'DROP', server: caller, text: `${call}: ${event.reason}` }
  }
}

function topicOf(method: string): Topic {
  if (method.endsWith('Vote')) return 'VOTE'
  if (method === 'AppendEntries') return 'LOG1'
  return method === 'InstallSnapshot' ? 'SNAP' : 'TRCE'
}

function replyTopicOf(method: string): Topic {
  const topic = topicOf(method)
  return topic === 'LOG1' ? 'LOG2' : topic
}

/** The fields of an encoded message, each with a blank before it; without what every message has. */
export function describeFields(body: Uint8Array): string {
  const value = labgob.decode(body)
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return ` ${describeValue(value)}`
  const fields = Object.entries(value).filter(([name]) => !SAID_ALREADY.has(name))
  return fields.map(([name, field]) => ` ${name} ${describeValue(field)}`).join('')
}

/** A value in a few characters: lists by their length, bytes by their number. */
export function describeValue(value: unknown): string {
  if (value instanceof Uint8Array) return `${value.length} B`
  if (Array.isArray(value)) return `[${value.length}]`
  if (typeof value === 'object' && value !== null) return '{…}'
  const text = typeof value === 'string' ? `'${value}'` : String(value)
  return text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}…` : text
}

/** The term that an encoded message says it is of, under whatever spelling; 0 when it says none. */
export function termOf(body: Uint8Array): number {
  const value = labgob.decode(body)
  if (typeof value !== 'object' || value === null) return 0
  const [, term] = Object.entries(value).find(([name]) => name.toLowerCase() === 'term') ?? []
  return typeof term === 'number' ? term : 0
}

function saved(raftStateBytes: number, snapshotBytes: number): string {
  return snapshotBytes === 0 ? `saved ${raftStateBytes} B` : `saved ${raftStateBytes} B, snapshot ${snapshotBytes} B`
}
