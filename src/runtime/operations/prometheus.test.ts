import { describe, expect, test } from 'vitest'
import { votersOnly } from '../../raft/configuration.ts'
import { Raft } from '../../raft/raft.ts'
import { MemoryLog } from '../../storage/memory-log.ts'
import { MemorySnapshots } from '../../storage/memory-snapshots.ts'
import { Counters } from '../../transport/counters.ts'
import { MemorySwitchboard } from '../../transport/memory-transport.ts'
import { Random } from '../../util/random.ts'
import { Journal } from '../testing/journal.ts'
import { TestClock } from '../testing/test-clock.ts'
import { Watch } from '../watch/watch.ts'
import { WatchedMachine } from '../watch/watched-machine.ts'
import { type NodeMetrics, readMetrics } from './metrics.ts'
import { metricNames, prometheusText } from './prometheus.ts'

/** Of a leader of three that has done nothing yet. */
function metricsOf(change: Partial<NodeMetrics> = {}): NodeMetrics {
  const clock = new TestClock()
  const configuration = votersOnly({ a: 'a:1', b: 'b:1', c: 'c:1' })
  const snapshot = { index: 0, term: 0, configuration }
  const boot = {
    hardState: { term: 0, votedFor: null },
    base: { index: 0, term: 0 },
    lastIndex: 0,
    terms: [],
    tail: [],
  }
  const raft = new Raft({ id: 'a' }, { ...boot, snapshot, configurations: [] }, new Random(1), 0)
  raft.tick(1000)
  raft.takeReady()
  raft.persisted(1, 1000)
  raft.step({ type: 'RequestVoteReply', from: 'b', to: 'a', term: 1, granted: true }, 1000)
  const transport = new MemorySwitchboard(clock, new Random(1)).transport('a')
  const ports = { log: new MemoryLog(), snapshots: new MemorySnapshots(), transport, clock }
  const watch = new Watch(ports, new WatchedMachine(new Journal(clock), clock), raft.inspect().options, {
    state: () => raft.inspect(),
    onEvent() {},
    onContradiction() {},
    isQuiet: () => false,
    onRound() {},
  })
  return {
    ...readMetrics(raft.inspect(), watch, { now: 1500, queuedBytes: 0, diskFull: false, connections: new Counters() }),
    ...change,
  }
}

const NAME = '[a-zA-Z_:][a-zA-Z0-9_:]*'
const LABEL = '[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\\\\n]|\\\\["\\\\n])*"'
const SAMPLE = new RegExp(`^(${NAME})(?:\\{(${LABEL}(?:,${LABEL})*)\\})? ([-+]?[0-9.]+(?:e[-+]?[0-9]+)?)$`)

/** What the format's own rules say of a text: the lines that break one. */
function faultsIn(text: string): string[] {
  const faults: string[] = []
  let family = ''
  let type = ''
  for (const line of text.trimEnd().split('\n')) {
    const [, what, name = '', rest = ''] = /^# (HELP|TYPE) (\S+) (.+)$/.exec(line) ?? []
    if (what === 'HELP') family = name
    if (what === 'TYPE') type = rest
    if (what !== undefined && name !== family) faults.push(line)
    if (what !== undefined) continue
    const sample = SAMPLE.exec(line)?.[1]
    const suffix = sample?.startsWith(family) ? sample.slice(family.length) : null
    const fits = type === 'histogram' ? /^_(bucket|sum|count)$/.test(suffix ?? '') : suffix === ''
    if (!fits || (type === 'counter' && !family.endsWith('_total'))) faults.push(line)
  }
  return faults
}

describe('the text for Prometheus', () => {
  test('keeps to the format in every line', () => {
    expect(faultsIn(prometheusText(metricsOf(), { cluster: 'shop' }))).toEqual([])
  })

  test('shows every family, once', () => {
    const text = prometheusText(metricsOf({ failures: { ERR_QUORATE_OVERLOADED: 3 } }))
    const shown = [...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name)
    expect(shown).toEqual(metricNames())
    expect(new Set(shown).size).toBe(shown.length)
    expect(text).toContain('quorate_request_failures_total{code="ERR_QUORATE_OVERLOADED"} 3\n')
  })

  test('has times in seconds, and the followers by name', () => {
    const text = prometheusText(metricsOf(), { server: 'a' })
    expect(text).toContain('quorate_peer_silent_seconds{server="a",peer="b"} 0.5\n')
    expect(text).toContain('quorate_is_leader{server="a"} 1\n')
  })

  test('has cumulative buckets, and infinity as the last of them', () => {
    const applyMs = { bounds: [1, 10], counts: [2, 3, 4], sum: 500, count: 9 }
    const lines = prometheusText(metricsOf({ applyMs })).split('\n')
    expect(lines.filter((line) => line.startsWith('quorate_apply_seconds'))).toEqual([
      'quorate_apply_seconds_bucket{le="0.001"} 2',
      'quorate_apply_seconds_bucket{le="0.01"} 5',
      'quorate_apply_seconds_bucket{le="+Inf"} 9',
      'quorate_apply_seconds_sum 0.5',
      'quorate_apply_seconds_count 9',
    ])
  })

  test('has connections by the reason of their end, and nothing of them where nobody counts', () => {
    const counters = new Counters()
    counters.closed.badFrame = 2
    expect(prometheusText(metricsOf({ connections: counters }))).toContain(
      'quorate_connections_closed_total{reason="badFrame"} 2\n',
    )
    expect(prometheusText(metricsOf({ connections: null }))).not.toContain('connections_closed')
  })

  test('escapes what a label may hold', () => {
    const text = prometheusText(metricsOf(), { cluster: 'a "b"\\\nc' })
    expect(text).toContain('quorate_term{cluster="a \\"b\\"\\\\\\nc"} 1\n')
    expect(faultsIn(text)).toEqual([])
  })

  test.each(['1st', 'a-b', '__name', 'peer', ''])('refuses %j as a label', (name) => {
    expect(() => prometheusText(metricsOf(), { [name]: 'x' })).toThrow(RangeError)
  })

  test('that breaks the rules would be found', () => {
    expect(faultsIn('# HELP a_total x\n# TYPE b_total counter\na_total 1\n')).toHaveLength(1)
    expect(faultsIn('# HELP a x\n# TYPE a counter\na 1\n')).toHaveLength(1)
    expect(faultsIn('# HELP a x\n# TYPE a gauge\na{b="c"d"} 1\n')).toHaveLength(1)
    expect(faultsIn('# HELP a x\n# TYPE a histogram\na 1\n')).toHaveLength(1)
  })
})
