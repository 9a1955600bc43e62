import { describe, expect, test } from 'vitest'
import { drawPlan } from './draw-plan.ts'
import type { Plan } from './plan.ts'
import { shrink } from './shrink.ts'

/** A plan with many decisions; which ones does not matter here. */
function longPlan(): Plan {
  for (let seed = 1; ; seed++) {
    const plan = drawPlan(seed)
    if (plan.decisions.length > 60 && plan.settings.clients > 2) return plan
  }
}

/** Fails where these two decisions are in the plan, and at least two clients. */
function needs(first: number, second: number): (plan: Plan) => Promise<string | null> {
  return async ({ decisions, settings }) => {
    const has = (at: number): boolean => decisions.some((decision) => decision.at === at)
    return has(first) && has(second) && settings.clients >= 2 ? 'Bug' : null
  }
}

describe('a plan that fails', () => {
  test('becomes as small as the bug is', async () => {
    const plan = longPlan()
    const [first = 0, second = 0] = [plan.decisions[10]?.at, plan.decisions[40]?.at]
    const small = await shrink(plan, { property: 'Bug', trial: needs(first, second), isOver: () => false })
    expect(small.decisions.map(({ at }) => at)).toEqual([first, second])
    expect([small.settings.clients, small.settings.keys]).toEqual([2, 1])
    expect(small.settings.durationMs).toBeLessThan(second + 150)
  })

  test('stays what it is when it fails by another property as soon as it is touched', async () => {
    const plan = longPlan()
    const trial = async (other: Plan): Promise<string> => (other === plan ? 'Bug' : 'Another')
    expect(await shrink(plan, { property: 'Bug', trial, isOver: () => false })).toBe(plan)
  })

  test('is made smaller only as long as there is time', async () => {
    let trials = 0
    const trial = async (): Promise<string> => `Bug${trials++ === 0 ? '' : '!'}`
    await shrink(longPlan(), { property: 'Bug!', trial, isOver: () => trials >= 5 })
    expect(trials).toBeLessThanOrEqual(5)
  })
})
