import { expect, test } from 'vitest'
import { DEFAULT_LIMITS, resolveLimits } from './limits.ts'

test('what is not given is as in DEFAULT_LIMITS', () => {
  expect(resolveLimits({ maxGroups: 5 })).toEqual({ ...DEFAULT_LIMITS, maxGroups: 5 })
})

test.each([
  [{ maxGroups: 65_536 }, 'maxGroups is 65536: give a whole number from 0 to 65535'],
  [{ maxGroups: 1.5 }, 'maxGroups is 1.5'],
  [{ idleTimeoutMs: 250 }, 'idleTimeoutMs is 250 and keepAliveMs 1000'],
  [{ keepAliveMs: 0 }, 'keepAliveMs 0'],
  [{ keepAliveMs: Number.NaN }, 'keepAliveMs NaN'],
])('%o cannot be', (limits, words) => {
  expect(() => resolveLimits(limits)).toThrow(words)
})
