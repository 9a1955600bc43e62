import { describe, expect, test } from 'vitest'
import { resolveOptions } from '../raft/options.ts'
import {
  areMembers,
  type Checks,
  checkEach,
  checkLimits,
  hasMethods,
  isAddress,
  isBoolean,
  isDuration,
  isName,
  isSize,
  isText,
  requireAll,
} from './check-options.ts'

interface Example {
  readonly timeoutMs?: number
  readonly maxBytes?: number
}

const CHECKS: Checks<Example> = { timeoutMs: isDuration, maxBytes: isSize }

describe('an option', () => {
  test('that is spelt wrong is not ignored, and the right one is named', () => {
    expect(() => checkEach({ timeoutMS: 1 }, CHECKS)).toThrow('there is no option timeoutMS: did you mean timeoutMs?')
    expect(() => checkEach({ timeout: 1 }, CHECKS, 'raft')).toThrow(
      'there is no option raft.timeout: did you mean timeoutMs?',
    )
    expect(() => checkEach({ bytes: 1 }, CHECKS)).toThrow('there is no option bytes: did you mean maxBytes?')
    expect(() => checkEach({ color: 1 }, CHECKS)).toThrow('there is no option color: there are timeoutMs, maxBytes')
  })

  test('that is wrong is shown, with what it must be', () => {
    expect(() => checkEach({ timeoutMs: '5s' }, CHECKS)).toThrow("timeoutMs is '5s': it must be a number of millisec")
    expect(() => checkEach({ maxBytes: 1.5 }, CHECKS, 'storage')).toThrow('storage.maxBytes is 1.5: it must be a whole')
  })

  test('by the name of something that every object has is no option either', () => {
    expect(() => checkEach(JSON.parse('{"__proto__": 1, "constructor": 2}'), CHECKS)).toThrow('there is no option')
    expect(() => checkEach({ toString: 1 }, CHECKS)).toThrow('there is no option toString')
  })

  test('that is needed and not there is named', () => {
    expect(() => requireAll({ a: 1 }, ['a', 'b', 'c'])).toThrow('b and c must be given')
  })

  test('may be left out', () => {
    expect(() => checkEach({}, CHECKS)).not.toThrow()
    expect(() => checkEach(undefined, CHECKS, 'raft')).toThrow('raft must be an object, not undefined')
  })
})

describe('checks', () => {
  test.each([
    [isName, ['a', 's-1.eu_2', 'x'.repeat(64)], ['', 'a b', 'a/b', 'ä', 'a\n', 'x'.repeat(65), 7, null]],
    [isText, ['x'], ['', 1, undefined]],
    [isBoolean, [true, false], ['true', 0]],
    [isDuration, [1, 0.5], [0, -1, Number.NaN, Number.POSITIVE_INFINITY, '1']],
    [isSize, [1, 2 ** 40], [0, 1.5, -1, 2 ** 53, '1']],
    [
      isAddress,
      ['h:1', '10.0.0.1:7001', '[::1]:65535', 'a.example:0'],
      ['h', 'h:', ':1', 'h:65536', '::1:7', 'h:1x', 5],
    ],
    [hasMethods('f', 'g'), [{ f() {}, g() {} }], [{ f() {} }, null, 'f', { f: 1, g: 2 }]],
    [
      areMembers,
      [{ a: 'h:1' }, { a: 'h:0' }, { a: 'h:1', b: 'h:2' }],
      [{}, [], null, { a: 'h:1', b: 'h:1' }, { '': 'h:1' }, { a: 'h' }, { a: 'h:0', b: 'h:1' }],
    ],
  ])('%o', (check, good, bad) => {
    expect(good.map(check)).toEqual(good.map(() => null))
    expect(bad.map(check)).toEqual(bad.map(() => expect.any(String)))
  })

  test('say which two members have one address', () => {
    expect(areMembers({ a: 'h:1', b: 'h:2', c: 'h:1' })).toMatch('a and c have the same address, h:1')
  })
})

describe('limits that contradict each other', () => {
  const raft = resolveOptions({ id: 'a' })

  test.each([
    [{ requestTimeoutMs: 599 }, 'requestTimeoutMs 599 is below electionTimeoutMaxMs 600'],
    [{ maxQueuedBytes: 1000 }, 'maxQueuedBytes 1000 is below maxEntryBytes'],
    [{ diskStallMs: 299 }, 'diskStallMs 299 is below electionTimeoutMinMs 300'],
    [{ slowPeerMs: 99 }, 'slowPeerMs 99 is below two heartbeats of 50 ms'],
    [{ snapshotEveryBytes: 0 }, 'snapshotEveryBytes is 0: it must be a whole number above 0'],
    [{ requestTimeoutMs: Number.NaN }, 'requestTimeoutMs is NaN: it must be a number of milliseconds'],
  ])('are refused: %o', (limits, words) => {
    expect(() => checkLimits(limits, raft, 2 ** 24)).toThrow(words)
  })

  test('are not those that are just in agreement', () => {
    const limits = { requestTimeoutMs: 600, diskStallMs: 300, slowPeerMs: 100, maxQueuedBytes: raft.maxEntryBytes }
    expect(() => checkLimits(limits, raft, 2 ** 24)).not.toThrow()
  })
})
