/**
 * Metrics in Prometheus' text format, version 0.0.4: for each family a line HELP, a line TYPE, then its samples. Times are
 * in seconds and sizes in bytes there, counters end in `_total`, and a histogram's buckets are cumulative.
 */
import type { TransportCounters } from '../../transport/counters.ts'
import type { HistogramReading, NodeMetrics } from './metrics.ts'

/** Added to every sample: `{ cluster: 'shop', server: 'a' }`. */
export type MetricLabels = { readonly [name: string]: string }

type Type = 'gauge' | 'counter' | 'histogram'

interface Sample {
  readonly suffix?: string
  readonly labels: MetricLabels
  readonly value: number
}

interface Family {
  readonly name: string
  readonly type: Type
  readonly help: string
  readonly samples: (metrics: NodeMetrics) => readonly Sample[]
}

/**
 * A whole answer to `GET /metrics`, to be sent as `text/plain; version=0.0.4`.
 *
 * @throws RangeError for a label's name that the format does not allow
 */
export function prometheusText(metrics: NodeMetrics, labels: MetricLabels = {}): string {
  for (const name of Object.keys(labels)) requireLabelName(name)
  const lines: string[] = []
  for (const { name, type, help, samples } of FAMILIES) {
    const all = samples(metrics)
    if (all.length === 0) continue
    lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`)
    for (const sample of all) lines.push(lineOf(name, sample, labels))
  }
  return `${lines.join('\n')}\n`
}

/** Every family's name, in the order of the text. */
export function metricNames(): readonly string[] {
  return FAMILIES.map(({ name }) => name)
}

const FAMILIES: readonly Family[] = [
  gauge('term', 'The current term.', (m) => m.term),
  gauge('is_leader', '1 on the leader, 0 elsewhere.', (m) => m.isLeader),
  gauge('has_leader', '1 while this server knows a leader.', (m) => m.hasLeader),
  gauge('commit_index', 'The highest index known to be committed.', (m) => m.commitIndex),
  gauge('applied_index', 'The highest index that the state machine has applied.', (m) => m.lastApplied),
  gauge('first_index', 'The first index that is still in the log.', (m) => m.firstIndex),
  gauge('last_index', 'The last index in the log.', (m) => m.lastIndex),
  gauge('durable_index', 'The last index that is on the disk.', (m) => m.durableIndex),
  gauge('snapshot_index', 'The last index that the newest snapshot covers.', (m) => m.snapshotIndex),
  gauge('voters', 'Servers whose votes count.', (m) => m.voters),
  gauge('learners', 'Servers that receive the log without a vote.', (m) => m.learners),
  gauge('log_memory_bytes', 'Log entries kept in memory.', (m) => m.logMemoryBytes),
  gauge('uncommitted_bytes', 'Proposed and not yet committed, on the leader.', (m) => m.uncommittedBytes),
  gauge('queued_bytes', 'Commands that no leader has answered for yet.', (m) => m.queuedBytes),
  gauge('disk_full', '1 while the disk has no room.', (m) => m.diskFull),
  gauge('oldest_write_seconds', 'Age of the oldest write to the log under way.', (m) => seconds(m.oldestWriteMs)),
  perPeer('peer_behind_entries', 'Entries that the follower does not have on its disk.', (p) => p.behindEntries),
  perPeer('peer_in_flight_bytes', 'Sent to the follower and not acknowledged.', (p) => p.inFlightBytes),
  perPeer('peer_silent_seconds', 'Since the follower was last heard.', (p) => seconds(p.silentMs)),
  perPeer('peer_slow', '1 while the follower does not keep up.', (p) => p.slow),
  counter('elections_started_total', 'Elections that this server has started.', (m) => m.electionsStarted),
  counter('elections_won_total', 'Elections that this server has won.', (m) => m.electionsWon),
  counter('leader_changes_total', 'How often this server learned of a new leader.', (m) => m.leaderChanges),
  counter('contradictions_total', 'What no correct server can have sent.', (m) => m.contradictions),
  counters('proposals_total', 'Proposals made on this server.', 'outcome', ({ proposals }) => ({
    committed: proposals.committed,
    not_applied: proposals.notApplied,
    unknown: proposals.unknown,
  })),
  counters('reads_total', 'Linearizable reads on this server.', 'outcome', (m) => ({ ...m.reads })),
  counters('request_failures_total', 'Failed proposals and reads.', 'code', (m) => ({ ...m.failures })),
  counter('entries_appended_total', 'Entries written to the log.', (m) => m.entriesAppended),
  counter('appended_bytes_total', 'Bytes of entries written to the log.', (m) => m.bytesAppended),
  counter('commands_applied_total', 'Commands that the state machine has applied.', (m) => m.commandsApplied),
  counter('applied_bytes_total', 'Bytes of entries that were applied.', (m) => m.bytesApplied),
  counters('snapshots_total', 'Snapshots.', 'action', (m) => amounts(m, 'count')),
  counters('snapshot_bytes_total', 'Bytes of snapshots.', 'action', (m) => amounts(m, 'bytes')),
  counters('snapshot_seconds_total', 'Time that snapshots took.', 'action', (m) => amounts(m, 'ms', 1000)),
  counter('snapshots_failed_total', 'Own snapshots that came to nothing.', (m) => m.snapshotsFailed),
  counters('messages_sent_total', 'Messages to other servers.', 'type', (m) => m.messagesSent),
  counters('messages_received_total', 'Messages from other servers.', 'type', (m) => m.messagesReceived),
  counter('entry_sent_bytes_total', 'Bytes of entries sent to followers.', (m) => m.entryBytesSent),
  counter('entry_received_bytes_total', 'Bytes of entries received.', (m) => m.entryBytesReceived),
  counter('forwards_sent_total', 'Requests with forwarded commands, to the leader.', (m) => m.forwardsSent),
  counter('forwards_received_total', 'Requests with forwarded commands, from others.', (m) => m.forwardsReceived),
  counter('connections_lost_total', 'Connections that broke.', (m) => m.connectionsLost),
  connections('connection_bytes_total', 'Bytes on connections.', 'direction', (c) => ({
    in: c.bytesIn,
    out: c.bytesOut,
  })),
  connections('frames_total', 'Frames on connections.', 'direction', (c) => ({ in: c.framesIn, out: c.framesOut })),
  connections('frames_dropped_total', 'Frames that were not sent: no connection, or no room.', null, (c) => ({
    all: c.framesDropped,
  })),
  connections('dials_total', 'Attempts to connect.', 'outcome', (c) => ({
    connected: c.dials - c.dialsFailed,
    failed: c.dialsFailed,
  })),
  connections('reconnections_total', 'Connections made again.', null, (c) => ({ all: c.reconnections })),
  connections('callers_total', 'Connections that others made to us.', null, (c) => ({ all: c.callers })),
  connections('connections_closed_total', 'Connections that ended.', 'reason', (c) => c.closed),
  counters('stalls_total', 'How often something stood still for too long.', 'cause', (m) => stalls(m, 'count')),
  counters('stall_seconds_total', 'How long it stood still.', 'cause', (m) => stalls(m, 'ms', 1000)),
  histogram('commit_seconds', 'From the entry into the log of the leader to the commit.', (m) => m.commitMs, 1000),
  histogram('log_write_seconds', 'From handing over to the log to being durable.', (m) => m.logWriteMs, 1000),
  histogram('log_write_entries', 'Entries in one write to the log.', (m) => m.logWriteEntries, 1),
  histogram('apply_seconds', 'One call of the state machine.', (m) => m.applyMs, 1000),
]

function gauge(name: string, help: string, value: (metrics: NodeMetrics) => number): Family {
  return { name: `quorate_${name}`, type: 'gauge', help, samples: (m) => [{ labels: {}, value: value(m) }] }
}

function counter(name: string, help: string, value: (metrics: NodeMetrics) => number): Family {
  return { ...gauge(name, help, value), type: 'counter' }
}

function counters(
  name: string,
  help: string,
  label: string,
  values: (metrics: NodeMetrics) => { readonly [of: string]: number | undefined },
): Family {
  const samples = (metrics: NodeMetrics): Sample[] =>
    Object.entries(values(metrics)).map(([of, value]) => ({ labels: { [label]: of }, value: value ?? 0 }))
  return { name: `quorate_${name}`, type: 'counter', help, samples }
}

/** Absent where nobody counts. @param label null: one sample, whatever its name */
function connections(
  name: string,
  help: string,
  label: string | null,
  values: (counters: TransportCounters) => { readonly [of: string]: number },
): Family {
  const samples = ({ connections: counted }: NodeMetrics): Sample[] =>
    Object.entries(counted === null ? {} : values(counted)).map(([of, value]) => {
      return { labels: label === null ? {} : { [label]: of }, value }
    })
  return { name: `quorate_${name}`, type: 'counter', help, samples }
}

function perPeer(name: string, help: string, value: (peer: NodeMetrics['peers'][string]) => number): Family {
  const samples = ({ peers }: NodeMetrics): Sample[] =>
    Object.entries(peers).map(([peer, one]) => ({ labels: { peer }, value: value(one) }))
  return { name: `quorate_${name}`, type: 'gauge', help, samples }
}

function histogram(name: string, help: string, read: (m: NodeMetrics) => HistogramReading, scale: number): Family {
  return { name: `quorate_${name}`, type: 'histogram', help, samples: (metrics) => buckets(read(metrics), scale) }
}

function buckets({ bounds, counts, sum, count }: HistogramReading, scale: number): Sample[] {
  let below = 0
  const samples: Sample[] = bounds.map((bound, i) => {
    below += counts[i] ?? 0
    return { suffix: '_bucket', labels: { le: String(bound / scale) }, value: below }
  })
  return [
    ...samples,
    { suffix: '_bucket', labels: { le: '+Inf' }, value: count },
    { suffix: '_sum', labels: {}, value: sum / scale },
    { suffix: '_count', labels: {}, value: count },
  ]
}

function amounts({ snapshots }: NodeMetrics, field: 'count' | 'bytes' | 'ms', scale = 1): { [action: string]: number } {
  return Object.fromEntries(Object.entries(snapshots).map(([action, amount]) => [action, amount[field] / scale]))
}

function stalls(metrics: NodeMetrics, field: 'count' | 'ms', scale = 1): { [cause: string]: number } {
  return Object.fromEntries(Object.entries(metrics.stalls).map(([cause, total]) => [cause, total[field] / scale]))
}

function seconds(ms: number): number {
  return ms / 1000
}

function lineOf(name: string, { suffix = '', labels, value }: Sample, common: MetricLabels): string {
  const pairs = Object.entries({ ...common, ...labels }).map(([label, text]) => `${label}="${escapeValue(text)}"`)
  return `${name}${suffix}${pairs.length === 0 ? '' : `{${pairs.join(',')}}`} ${value}`
}

function escapeValue(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
}

const LABEL_NAME = /^[a-zA-Z_][a-zA-Z0-9_]*$/

function requireLabelName(name: string): void {
  if (LABEL_NAME.test(name) && !name.startsWith('__') && !RESERVED.has(name)) return
  throw new RangeError(`'${name}' cannot be a label: use letters, digits and underscores, and none of ${LABELS}`)
}

/** Which labels the families use themselves. */
const RESERVED: ReadonlySet<string> = new Set([
  'peer',
  'outcome',
  'code',
  'action',
  'type',
  'cause',
  'direction',
  'reason',
  'le',
])
const LABELS = [...RESERVED].join(', ')
