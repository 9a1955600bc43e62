import { describe, expect, test } from 'vitest'
import { Random } from '../util/random.ts'
import { ClusterState } from './cluster-state.ts'
import { Flights } from './flights.ts'
import { LogShape } from './log-shape.ts'
import { tracePage } from './page.ts'
import { TraceRecorder } from './recorder.ts'
import { randomRun } from './testing/random-run.ts'
import { placeAt, Timeline } from './timeline.ts'
import { countOf, eventAt, TRACE_KINDS } from './trace.ts'
import { decodeTrace, encodeTrace } from './trace-file.ts'

const HEADER = { title: 'a run', command: 'npx quorate', seed: '7', servers: ['s1', 's2'], clients: [], settings: {} }

function recorder(): TraceRecorder {
  return new TraceRecorder(HEADER)
}

function shapeOf(log: LogShape): string {
  const terms = Array.from({ length: log.lastIndex - log.baseIndex }, (_, i) => log.termAt(log.baseIndex + 1 + i))
  return `${log.baseIndex}/${log.baseTerm}: ${terms.join(' ')}`
}

describe('a log in a few numbers', () => {
  function log(): LogShape {
    const log = new LogShape()
    log.append(1, 2, 1)
    log.append(3, 3, 2)
    return log
  }

  test.each<[string, (log: LogShape) => void, string]>([
    ['as appended', () => {}, '0/0: 1 1 2 2 2'],
    ['cut within a term', (log) => log.truncate(4), '0/0: 1 1 2'],
    ['cut at a term', (log) => log.truncate(3), '0/0: 1 1'],
    ['cut behind its end', (log) => log.truncate(9), '0/0: 1 1 2 2 2'],
    ['overwritten', (log) => log.append(2, 1, 3), '0/0: 1 3'],
    ['a snapshot within a term', (log) => log.compact(4, 2), '4/2: 2'],
    ['a snapshot of all', (log) => log.compact(5, 2), '5/2: '],
    ['a snapshot beyond the end', (log) => log.compact(9, 4), '9/4: '],
    ['a snapshot, then cut to it', (log) => [log.compact(3, 2), log.truncate(1)], '3/2: '],
  ])('%s', (_, change, expected) => {
    const changed = log()
    change(changed)
    expect(shapeOf(changed)).toBe(expected)
  })
})

describe('what is recorded', () => {
  test('is read again as events, kind by kind', () => {
    const run = recorder()
    run.role(1, 's1', 'candidate', 3, null, 's1')
    run.append(2, 's1', 4, [2, 2, 3])
    run.send(3, 77, 's1', 's2', 'RequestVote', 3, 'last 6/3')
    run.violation(4, 'Election Safety', 'two leaders', 's2')
    const trace = run.trace()
    expect([0, 1, 2, 3, 4].map((place) => eventAt(trace, place))).toEqual([
      { at: 1, kind: 'role', server: 's1', role: 'candidate', term: 3, leader: null, votedFor: 's1' },
      { at: 2, kind: 'append', server: 's1', firstIndex: 4, count: 2, term: 2 },
      { at: 2, kind: 'append', server: 's1', firstIndex: 6, count: 1, term: 3 },
      { at: 3, kind: 'send', message: 77, from: 's1', to: 's2', type: 'RequestVote', term: 3, fields: 'last 6/3' },
      { at: 4, kind: 'violation', server: 's2', property: 'Election Safety', detail: 'two leaders' },
    ])
  })

  test('a server that comes later gets the next lane', () => {
    const run = recorder()
    run.start(5, 's9')
    expect(run.trace().header.servers).toEqual(['s1', 's2', 's9'])
  })

  test('a server that crashes keeps what was durable, and its vote', () => {
    const run = recorder()
    run.start(0, 's1')
    run.role(1, 's1', 'leader', 2, 's1', 's1')
    run.append(1, 's1', 1, [2, 2, 2])
    run.durable(2, 's1', 2)
    run.commit(2, 's1', 2)
    run.crash(3, 's1')
    run.start(4, 's1')
    const [s1] = new Timeline(run.trace()).after(6).servers
    expect(s1).toMatchObject({ life: 'up', role: 'follower', term: 2, votedFor: 0, leader: -1, commit: 0, durable: 2 })
    expect(s1?.log.lastIndex).toBe(2)
  })

  test('an entry that is written over is not durable any more', () => {
    const run = recorder()
    run.append(1, 's1', 1, [1, 1, 1])
    run.durable(1, 's1', 3)
    run.append(2, 's1', 2, [2])
    expect(new Timeline(run.trace()).after(2).servers[0]?.durable).toBe(1)
  })
})

test('at 200 moments the state is what a replay from the beginning gives', () => {
  const trace = randomRun(1, 1000)
  const timeline = new Timeline(trace)
  const random = new Random(2)
  const places = Array.from({ length: 200 }, () => random.below(countOf(trace))).sort((a, b) => a - b)
  const replayed = ClusterState.ofServers(trace.header.servers.length)
  let next = 0
  for (const place of places) {
    while (next <= place) replayed.apply(trace, next++)
    expect(timeline.after(place)).toEqual(replayed)
  }
})

test('a run that is too long loses its beginning, but not what it led to', () => {
  const [whole, late] = [randomRun(3, 600), randomRun(3, 600, 5000)]
  expect(countOf(late)).toBeLessThan(5000)
  expect(late.omitted).toBeGreaterThan(4000)
  const [end, lateEnd] = [new Timeline(whole).after(countOf(whole)), new Timeline(late).after(countOf(late))]
  expect(lateEnd.servers).toEqual(end.servers)
  expect(lateEnd.links).toEqual(end.links)
})

test('a violation outlives the half that is let go', () => {
  const run = new TraceRecorder(HEADER, 100)
  run.violation(0, 'Election Safety', 'two leaders')
  for (let at = 1; at < 500; at++) run.note(at, 'later')
  expect(eventAt(run.trace(), 0)).toMatchObject({ kind: 'violation', property: 'Election Safety' })
})

describe('messages', () => {
  test('a copy, a late one and a lost one', () => {
    const run = recorder()
    run.send(1, 1, 's1', 's2', 'A', 1)
    run.send(2, 2, 's1', 's2', 'B', 1)
    run.send(3, 3, 's1', 's2', 'C', 1)
    run.arrive(4, 2)
    run.arrive(5, 1)
    run.arrive(6, 2)
    run.lose(7, 3, 'cut')
    const seen = new Flights(run.trace()).all.map(({ type, fate, isCopy, isLate, endAt }) =>
      [type, fate, endAt, isCopy ? 'copy' : '', isLate ? 'late' : ''].join(' ').trim(),
    )
    expect(seen.sort()).toEqual(['A arrived 5  late', 'B arrived 4', 'B arrived 6 copy', 'C lost 7'])
  })

  test('a long one is found in the middle of many short ones', () => {
    const run = recorder()
    run.send(0, 0, 's1', 's2', 'Slow', 1)
    for (let i = 1; i < 2000; i++) {
      run.send(i, i, 's1', 's2', 'Quick', 1)
      run.arrive(i + 0.5, i)
    }
    run.arrive(2000, 0)
    const seen: string[] = []
    new Flights(run.trace()).between(1500.1, 1500.2, ({ type }) => seen.push(type) > 0)
    expect(seen).toEqual(['Slow', 'Quick'])
  })

  test('what arrives without having been sent is left out', () => {
    const run = recorder()
    run.arrive(1, 5)
    expect(new Flights(run.trace()).all).toEqual([])
  })
})

test('the last event at a time', () => {
  expect([0, 1, 2.5, 9].map((time) => placeAt([1, 2, 2, 3], time))).toEqual([-1, 0, 2, 3])
})

describe('as a file', () => {
  test('comes back as it was, times to a microsecond', () => {
    const trace = randomRun(4, 150)
    const read = decodeTrace(encodeTrace(trace))
    expect(read.header).toEqual(trace.header)
    expect(read.events.at.map((at, i) => Math.abs(at - (trace.events.at[i] ?? 0)) < 0.00051)).not.toContain(false)
    expect({ ...read.events, at: [] }).toEqual({ ...trace.events, at: [] })
  })

  test('knows kinds by their names, so that a later list of kinds may be another', () => {
    const run = recorder()
    run.note(1, 'here')
    const kinds = ['ghost', ...TRACE_KINDS].reverse()
    const json = JSON.parse(encodeTrace(run.trace())) as { kinds: string[]; columns: { kind: number[] } }
    json.kinds = kinds
    json.columns.kind = [kinds.indexOf('note')]
    expect(eventAt(decodeTrace(JSON.stringify(json)), 0)).toEqual({ at: 1, kind: 'note', text: 'here' })
  })

  test.each<[string, string]>([
    ['{}', 'this is no trace of quorate'],
    ['{"trace":"quorate","version":9}', 'a trace of version 9; this reads version 1'],
  ])('%s is refused', (json, message) => {
    expect(() => decodeTrace(json)).toThrow(message)
  })
})

describe('in the page', () => {
  const TEMPLATE =
    '<title></title><script type="application/octet-stream" id="trace"></script><script>let $$ = "$&"</script>'

  test('a title cannot end the element that it stands in', () => {
    const page = tracePage(TEMPLATE, 'QUJD', { ...HEADER, title: '</title><script>alert(1)</script> $& $1' })
    expect(page).toContain('<title>&lt;/title&gt;&lt;script&gt;alert(1)&lt;/script&gt; $&amp; $1</title>')
    expect(page).toContain('id="trace">QUJD</script>')
  })

  test('what is no base64 does not get in', () => {
    expect(() => tracePage(TEMPLATE, '</script>', HEADER)).toThrow('the run must be given in base64')
  })

  test('a template of another version is refused', () => {
    expect(() => tracePage('<title></title>', '', HEADER)).toThrow('build it again')
  })
})
