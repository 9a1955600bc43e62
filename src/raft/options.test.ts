import { describe, expect, test } from 'vitest'
import { OptionsError } from './errors.ts'
import { type RaftOptions, resolveOptions } from './options.ts'

const resolve = (options: Partial<RaftOptions>): RaftOptions => resolveOptions({ id: 's1', ...options })

test('a name is enough', () => {
  expect(resolve({})).toMatchObject({ id: 's1', heartbeatIntervalMs: 50, electionTimeoutMinMs: 300, preVote: true })
})

describe('what contradicts itself is refused, with the numbers', () => {
  test.each<[string, Partial<RaftOptions>, string]>([
    ['no name', { id: '' }, 'id is empty'],
    ['no time', { heartbeatIntervalMs: 0 }, 'heartbeatIntervalMs is 0'],
    ['not a number', { maxAppendBytes: Number.NaN }, 'maxAppendBytes is NaN'],
    ['below zero', { maxInflightMessages: -1 }, 'maxInflightMessages is -1'],
    ['heartbeats too slow', { heartbeatIntervalMs: 151 }, 'electionTimeoutMinMs 300 is below two heartbeats of 151 ms'],
    ['no range', { electionTimeoutMaxMs: 300 }, 'electionTimeoutMaxMs 300 is not above electionTimeoutMinMs 300'],
    ['rest too early', { restAfterMs: 49 }, 'restAfterMs 49 is below one heartbeat of 50 ms'],
    ['rest below zero', { restAfterMs: -1 }, 'restAfterMs is -1: it must be at least 0'],
    ['rest too short', { restIntervalMs: 599 }, 'restIntervalMs 599 is below electionTimeoutMaxMs 600'],
    ['rest too long', { restIntervalMs: 86_400_001 }, 'is not a whole number of at most 86400000'],
    ['half a millisecond', { restIntervalMs: 1000.5 }, 'restIntervalMs 1000.5 is not a whole number'],
    [
      'no room',
      { maxUncommittedBytes: 1000, maxEntryBytes: 1001 },
      'maxUncommittedBytes 1000 is below maxEntryBytes 1001',
    ],
  ])('%s', (_, options, message) => {
    expect(() => resolve(options)).toThrow(OptionsError)
    expect(() => resolve(options)).toThrow(message)
  })
})

test('the limits themselves are allowed', () => {
  expect(() => resolve({ heartbeatIntervalMs: 150, electionTimeoutMaxMs: 301, retainEntries: 0 })).not.toThrow()
  expect(() => resolve({ restAfterMs: 50, restIntervalMs: 600 })).not.toThrow()
  expect(() => resolve({ restAfterMs: 50, restIntervalMs: 86_400_000 })).not.toThrow()
})

test('nobody rests unless asked to, and then for ten seconds', () => {
  expect(resolve({})).toMatchObject({ restAfterMs: 0, restIntervalMs: 10_000 })
})

test('the error has a code for programs', () => {
  expect(new OptionsError('x')).toMatchObject({ code: 'ERR_QUORATE_OPTIONS', name: 'OptionsError' })
})
