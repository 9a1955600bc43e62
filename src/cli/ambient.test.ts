import { describe, expect, test } from 'vitest'
import { AmbientGuard } from './ambient.ts'

async function guarded(use: () => unknown): Promise<string | null> {
  const guard = new AmbientGuard()
  guard.install()
  try {
    const { used } = await guard.during(async () => {
      try {
        use()
      } catch {
        // The code under test may catch it: it is remembered all the same.
      }
    })
    return used?.message ?? null
  } finally {
    guard.restore()
  }
}

describe('while a test runs on the virtual clock', () => {
  test.each<[string, () => unknown]>([
    ['setTimeout()', () => setTimeout(() => {}, 1)],
    ['setInterval()', () => setInterval(() => {}, 1)],
    ['setImmediate()', () => setImmediate(() => {})],
    ['Date.now()', () => Date.now()],
    ['new Date()', () => new Date()],
    ['performance.now()', () => performance.now()],
    ['process.hrtime()', () => process.hrtime()],
    ['process.hrtime.bigint()', () => process.hrtime.bigint()],
    ['Math.random()', () => Math.random()],
    ['crypto.getRandomValues()', () => crypto.getRandomValues(new Uint8Array(1))],
  ])('%s is found', async (name, use) => {
    expect(await guarded(use)).toMatch(new RegExp(`^${name.replace(/[()]/g, '\\$&')} does not go by the virtual clock`))
  })

  test('a date that is given, a time-out that is cleared and other mathematics are fine', async () => {
    const use = (): unknown => [new Date(0).toISOString(), Math.max(1, 2), clearTimeout(undefined)]
    expect(await guarded(use)).toBeNull()
  })
})

test('afterwards everything is as it was', async () => {
  const before = [setTimeout, Date, Date.now, Math.random, performance.now, process.hrtime]
  await guarded(() => Math.random())
  expect([setTimeout, Date, Date.now, Math.random, performance.now, process.hrtime]).toEqual(before)
  expect(Object.hasOwn(performance, 'now')).toBe(false)
  expect(new Date(0).getTime()).toBe(0)
})

test('outside of a run nothing is refused', () => {
  const guard = new AmbientGuard()
  guard.install()
  expect(Date.now()).toBeGreaterThan(0)
  expect(new Date()).toBeInstanceOf(Date)
  guard.restore()
})
