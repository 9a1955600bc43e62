// Whole runs of the simulator. Longer campaigns are `npx quorate sim`.
import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { drawPlan, type Plan, type RunReport, run } from '../../src/sim/index.ts'

const PLANS = new URL('plans/', import.meta.url)

function perform(plan: Plan): Promise<RunReport> {
  return run(plan, { hop: setImmediate })
}

/** A run of a second or so: enough for every kind of trouble that is in it. */
function short(seed: number): Plan {
  const { settings, decisions } = drawPlan(seed)
  return { seed, settings: { ...settings, durationMs: 1500 }, decisions: decisions.filter(({ at }) => at < 1500) }
}

describe('a run', () => {
  test.each([6, 8, 12, 16, 18, 23, 25, 31, 33, 35])('in which nothing bad happens: seed %i', async (seed) => {
    expect((await perform(short(seed))).verdict).toBeNull()
  })

  test('is the same each time', async () => {
    const [one, other] = [await perform(short(31)), await perform(short(31))]
    expect([one.hash, one.events]).toEqual([other.hash, other.events])
    expect((await perform(short(33))).hash).not.toBe(one.hash)
  })

  test('has clients who get something done', async () => {
    const { operations, commits, historyChecked } = await perform({ ...short(21), decisions: [] })
    expect(operations.ok).toBeGreaterThan(20)
    expect(commits).toBeGreaterThan(10)
    expect(historyChecked).toBe('linearizable')
  })
})

describe('a plan that once failed', () => {
  test.each(readdirSync(PLANS))('does not any more: %s', async (name) => {
    const plan = JSON.parse(readFileSync(new URL(name, PLANS), 'utf8')) as Plan
    expect((await perform(plan)).verdict).toBeNull()
  })
})
