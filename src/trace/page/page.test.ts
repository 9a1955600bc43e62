import { describe, expect, test } from 'vitest'
import { TraceRecorder } from '../recorder.ts'
import { randomRun } from '../testing/random-run.ts'
import { historiesOf, Spans } from './history.ts'
import { layoutOf } from './layout.ts'
import { operationsOf } from './operations.ts'
import { RunModel } from './run-model.ts'
import { Selection } from './selection.ts'
import { TimeView, ticksOf } from './time-view.ts'
import { formatTime } from './words.ts'

const HEADER = { title: '', command: '', seed: '', servers: ['s1', 's2', 's3'], clients: ['c1'], settings: {} }

function recorded(record: (run: TraceRecorder) => void): RunModel {
  const run = new TraceRecorder(HEADER)
  record(run)
  return new RunModel(run.trace())
}

describe('the window of time', () => {
  function view(): TimeView {
    const view = new TimeView(1000)
    view.left = 50
    view.width = 500
    return view
  }

  test('keeps what is under the pointer where it is', () => {
    const zoomed = view()
    const x = zoomed.x(300)
    for (let i = 0; i < 10; i++) zoomed.zoom(0.7, 300)
    expect(zoomed.x(300)).toBeCloseTo(x, 6)
    expect(zoomed.span).toBeCloseTo(1030 * 0.7 ** 10, 6)
  })

  test('does not leave the run', () => {
    const moved = view()
    moved.zoom(0.1, 500)
    moved.pan(-5000)
    expect(moved.from).toBe(moved.start)
    moved.pan(5000)
    expect(moved.to).toBeCloseTo(moved.end, 9)
    moved.zoom(1e9, 0)
    expect([moved.from, moved.to]).toEqual([moved.start, moved.end])
  })

  test('moves no further than it must to show a moment', () => {
    const still = view()
    still.show(100, 200)
    still.reveal(150)
    expect(still.from).toBe(100)
    still.reveal(900)
    expect(still.x(900)).toBeGreaterThan(50)
    expect(still.x(900)).toBeLessThan(550)
  })

  test.each([
    [1030, [0, 500, 1000], 0],
    [3, [499, 500, 501], 0],
    [0.3, [499.9, 500, 500.1], 1],
  ])('over %d ms it has round times', (span, times, decimals) => {
    const shown = view()
    shown.show(500 - span / 2, 500 + span / 2)
    const ticks = ticksOf(shown, 120)
    expect(ticks.times.map((time) => Number(time.toFixed(6)))).toEqual(times)
    expect(ticks.decimals).toBe(decimals)
  })
})

describe('spans', () => {
  function seen(spans: Spans<string>, from: number, to: number, least = 0): string[] {
    const all: string[] = []
    spans.between(from, to, least, (value, start, end) => all.push(`${value} ${start}-${end}`))
    return all
  }

  test('of one value are one, and of several at one time the last counts', () => {
    const spans = new Spans<string>((one, other) => one === other)
    for (const [at, value] of [
      [0, 'a'],
      [1, 'a'],
      [2, 'b'],
      [2, 'c'],
      [5, 'd'],
    ] as const)
      spans.add(at, value)
    expect(seen(spans, 0, 9)).toEqual(['a 0-2', 'c 2-5', 'd 5-9'])
    expect(seen(spans, 3, 4)).toEqual(['c 2-4'])
  })

  test('too short to be seen are told as one', () => {
    const spans = new Spans<string>((one, other) => one === other)
    for (let at = 0; at < 1000; at++) spans.add(at, `${at}`)
    expect(seen(spans, 0, 999, 400)).toEqual(['400 0-401', '801 401-802', '999 802-999'])
  })
})

test('lanes share the height, and take more than there is when they must', () => {
  const wide = layoutOf(500, [0, 2], [1])
  expect(wide.lanes.map(({ server, height }) => [server, height])).toEqual([
    [0, 132],
    [2, 132],
  ])
  const [first, second] = layoutOf(300, [0, 1, 2, 3, 4], [2]).lanes
  expect((second?.top ?? 0) - (first?.top ?? 0)).toBe(78)
  expect(layoutOf(300, [0, 1, 2, 3, 4], [2]).height).toBeGreaterThan(300)
})

test('a cut is shown where it is: at the one that is alone, at both halves of two against two', () => {
  const cutsOf = (pairs: readonly (readonly [string, string])[]): (string | undefined)[] => {
    const run = new TraceRecorder({ ...HEADER, servers: ['s1', 's2', 's3', 's4'] })
    for (const server of ['s1', 's2', 's3', 's4']) run.start(0, server)
    for (const [one, other] of pairs) run.link(1, one, other, 'down')
    return historiesOf(run.trace()).lanes.map(({ cuts }) => cuts.values.at(-1))
  }
  expect(
    cutsOf([
      ['s1', 's2'],
      ['s1', 's3'],
      ['s1', 's4'],
    ]),
  ).toEqual(['cut off', '', '', ''])
  expect(cutsOf([['s1', 's2']])).toEqual(['no way to s2', 'no way to s1', '', ''])
  const halves = cutsOf([
    ['s1', 's3'],
    ['s1', 's4'],
    ['s2', 's3'],
    ['s2', 's4'],
  ])
  expect(halves).toEqual(['no way to s3, s4', 'no way to s3, s4', 'no way to s1, s2', 'no way to s1, s2'])
})

test('operations that overlap have rows of their own, and a row is used again', () => {
  const model = recorded((run) => {
    run.invoke(0, 'c1', 1, 'a')
    run.invoke(1, 'c1', 2, 'b')
    run.return(2, 1, 'ok', '')
    run.invoke(3, 'c1', 3, 'c')
    run.return(4, 2, 'fail', 'no')
  })
  const { all, rows } = operationsOf(model.trace)
  expect(all.map(({ row, outcome, end }) => `${row} ${outcome} ${end}`)).toEqual(['0 ok 2', '1 fail 4', '0 unknown 4'])
  expect(rows).toEqual([2])
})

describe('events in words', () => {
  test('name what they only refer to by a number', () => {
    const { words } = recorded((run) => {
      run.send(1, 7, 's1', 's2', 'AppendEntries', 3, 'entries 2')
      run.lose(2, 7, 'cut')
      run.invoke(3, 'c1', 9, 'put x')
      run.return(4, 9, 'unknown', '')
      run.arrive(5, 1234)
      run.violation(6, 'Log Matching', 'entry 3 differs', 's2')
    })
    expect([0, 1, 2, 3, 4, 5].map((place) => words.line(place))).toEqual([
      's1 sends AppendEntries to s2, term 3, entries 2',
      's1 AppendEntries to s2 is lost: cut',
      'c1 asks: put x',
      'c1 put x: unknown',
      'message 1234, sent before this trace begins',
      's2 breaks Log Matching: entry 3 differs',
    ])
  })

  test.each<[number, number, string]>([
    [1234567.8914, 3, '1 234 567.891'],
    [999, 0, '999'],
    [-12.5, 1, '−12.5'],
  ])('%d ms with %d decimals is %s', (ms, decimals, text) => {
    expect(formatTime(ms, decimals)).toBe(text)
  })
})

describe('what is chosen', () => {
  test('begins with the first violation', () => {
    const model = recorded((run) => {
      run.note(1, 'before')
      run.violation(2, 'One Vote', 'two', 's3')
      run.violation(3, 'One Vote', 'again', 's1')
    })
    expect(new Selection(model)).toMatchObject({ place: 1, server: 2 })
  })

  test('steps over what the filter leaves out, also from an event that it leaves out', () => {
    const model = recorded((run) => {
      run.note(0, 'a')
      run.start(1, 's1')
      run.note(2, 'b')
      run.start(3, 's1')
      run.note(4, 'c')
    })
    const selection = new Selection(model)
    selection.choose(3)
    selection.filter.groups.add('life')
    selection.refilter()
    selection.step(-1)
    expect(selection.place).toBe(2)
    selection.choose(3)
    selection.step(1)
    expect(selection.place).toBe(4)
    selection.step(1)
    expect(selection.place).toBe(4)
  })

  test('a hidden server takes the messages with it that nobody else is in', () => {
    const model = recorded((run) => {
      run.start(0, 's1')
      run.send(1, 1, 's1', 's2', 'A', 1)
      run.start(2, 's2')
    })
    const selection = new Selection(model)
    selection.filter.servers.add(0)
    selection.refilter()
    expect([...selection.visible]).toEqual([1, 2])
    selection.filter.servers.add(1)
    selection.refilter()
    expect([...selection.visible]).toEqual([])
  })

  test('a type of messages goes with all that is said of it', () => {
    const model = new RunModel(randomRun(1, 50))
    const selection = new Selection(model)
    selection.filter.types.add('AppendEntries')
    selection.refilter()
    expect([...selection.visible].filter((place) => model.words.typeOf(place) !== null)).toEqual([])
    expect(selection.visible.length).toBeGreaterThan(100)
  })
})
