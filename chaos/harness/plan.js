// What happens in a phase, and when: all of it drawn from the seed before it begins, so that it can be had again.
import { FAULTS } from '../faults/index.js'

const GAP_MS = [200, 2500]

/**
 * @returns `[{ atMs, kind, target, other, drawn }]`; `target` and `other` are numbers of servers, and a `target` of
 * null is whoever leads then
 */
export function drawPlan(random, { kinds, servers, troubleMs }) {
  const plan = []
  for (let atMs = random.below(500); atMs < troubleMs; atMs += random.between(...GAP_MS)) {
    const kind = random.pick(kinds)
    const fault = FAULTS.get(kind)
    const target = random.below(servers)
    const other = (target + 1 + random.below(servers - 1)) % servers
    const entry = { atMs, kind, target: random.chance(0.4) ? null : target, other, drawn: fault.draw(random) }
    // Drawn in any case: whether a rare one is left out must not change what follows.
    if (random.chance(1 / (fault.rarity ?? 1))) plan.push(entry)
  }
  return plan
}
