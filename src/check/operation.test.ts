import { describe, expect, test } from 'vitest'
import { type HistoryEvent, parseEvent } from './history.ts'
import { describeOperation, operationsOf } from './operation.ts'

const event = (process: number, type: HistoryEvent['type'], f: string, value?: unknown): HistoryEvent => ({
  process,
  type,
  f,
  value,
})

describe('operations from events', () => {
  test('have their invocation’s value and their completion’s result', () => {
    const events = [
      event(0, 'invoke', 'write', 1),
      event(1, 'invoke', 'read', null),
      event(1, 'ok', 'read', 1),
      event(0, 'ok', 'write', 1),
    ]
    expect(operationsOf(events)).toEqual([
      { process: 0, f: 'write', value: 1, result: 1, invoked: 1, completed: 4 },
      { process: 1, f: 'read', value: null, result: 1, invoked: 2, completed: 3 },
    ])
  })

  test('are not there when they certainly failed', () => {
    expect(operationsOf([event(0, 'invoke', 'write', 1), event(0, 'fail', 'write', 1)])).toEqual([])
  })

  test('have no end when it is unknown, and their process may go on', () => {
    const events = [
      event(0, 'invoke', 'write', 1),
      event(0, 'info', 'write', 'timeout'),
      event(0, 'invoke', 'write', 2),
    ]
    expect(operationsOf(events).map(({ value, result, completed }) => [value, result, completed])).toEqual([
      [1, undefined, null],
      [2, undefined, null],
    ])
  })

  test.each([
    [
      'an invocation of a process that has one open',
      [event(3, 'invoke', 'read'), event(3, 'invoke', 'write', 1)],
      'line 2: process 3 invokes write while its read of line 1 is open: complete that first, with "info" when nobody knows its outcome',
    ],
    [
      'a completion of nothing',
      [event(3, 'ok', 'read', 1)],
      'line 1: process 3 completes read ("ok"), and has nothing open',
    ],
    [
      'a second completion',
      [event(3, 'invoke', 'read'), event(3, 'info', 'read'), event(3, 'ok', 'read', 1)],
      'line 3: process 3 completes read ("ok"), and has nothing open',
    ],
    [
      'a completion of something else',
      [event(3, 'invoke', 'read'), event(3, 'ok', 'write', 1)],
      'line 2: process 3 completes write, and has read open (invoked on line 1)',
    ],
    [
      'a completion of another key',
      [
        { ...event(3, 'invoke', 'get'), key: 'x' },
        { ...event(3, 'ok', 'get', ''), key: 'y' },
      ],
      'line 2: process 3 completes get of key "y", and has one of "x" open (invoked on line 1)',
    ],
  ])('are refused: %s', (_, events, reason) => {
    expect(() => operationsOf(events)).toThrow(reason)
  })
})

describe('a line', () => {
  test('of blanks is no event', () => {
    expect(parseEvent('  ', 1)).toBeNull()
  })

  test('may have fields of its own', () => {
    const line = '{"process":"a","type":"ok","f":"read","value":1,"time":5}'
    expect(parseEvent(line, 1)).toMatchObject({ process: 'a', type: 'ok', f: 'read', value: 1 })
  })

  test.each([
    ['{:type :invoke}', 'line 4: this is no JSON: {:type :invoke}'],
    ['[1]', 'line 4: an event is an object such as {"process":0,"type":"invoke","f":"read"}, not [1]'],
    ['{"type":"ok","f":"read"}', 'line 4: process is nothing: it must be a number or a string'],
    ['{"process":0,"type":"done","f":"read"}', 'line 4: type is "done": it must be "invoke", "ok", "fail" or "info"'],
    ['{"process":0,"type":"ok","f":7}', 'line 4: f is 7: it must be a string, such as "read"'],
  ])('that is none is refused: %s', (line, reason) => {
    expect(() => parseEvent(line, 4)).toThrow(reason)
  })
})

test('an operation in words', () => {
  const words = (f: string, value: unknown, result: unknown, completed: number | null = 2, key?: string): string =>
    describeOperation({ process: 0, f, value, result, completed, invoked: 1, ...(key === undefined ? {} : { key }) })
  expect([
    words('write', 3, 3),
    words('read', null, 3),
    words('put', 'a', null, 2, 'x'),
    words('cas', [1, 2], undefined, null),
    words('read', null, null),
  ]).toEqual(['write 3 → ok', 'read → 3', 'put "x" "a" → ok', 'cas [1,2] → ?', 'read → null'])
})
