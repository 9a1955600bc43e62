/**
 * Changes a plan a little: some of its decisions at other moments, for longer or shorter, gone, or together with those of
 * another plan. What has led to a rare situation often leads close by to the next one.
 */
import type { Random } from '../util/random.ts'
import type { Decision, Plan } from './plan.ts'

/** @param other a plan whose decisions may be mixed in */
export function mutate(plan: Plan, other: Plan, random: Random): Plan {
  const decisions = plan.decisions.flatMap((decision) => change(decision, random))
  const borrowed = random.chance(0.5) ? other.decisions.filter(() => random.chance(0.3)) : []
  const { durationMs } = plan.settings
  const all = [...decisions, ...borrowed].filter(({ at }) => at >= 0 && at < durationMs)
  // Every third time chance itself stays the same, so that up to the first change the run is the one that was kept.
  const seed = random.chance(0.33) ? plan.seed : random.uint32()
  return { seed, settings: plan.settings, decisions: all.sort((one, two) => one.at - two.at) }
}

function change(decision: Decision, random: Random): Decision[] {
  if (random.chance(0.1)) return []
  const moved = random.chance(0.3) ? { ...decision, at: decision.at + random.between(-200, 200) } : decision
  const isLonger = random.chance(0.2) && 'forMs' in moved
  const scaled = isLonger ? { ...moved, forMs: Math.max(1, Math.round(moved.forMs * random.pick([0.5, 2]))) } : moved
  return random.chance(0.05) ? [scaled, { ...scaled, at: scaled.at + random.below(500) }] : [scaled]
}
