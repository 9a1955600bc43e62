// Histories for the checker. The good ones are of a correct object; in the others one read has what was there long before.
import { checkLinearizability, keyValue, operationsOf, register } from 'quorate/check'
import { randomHistory } from '../../dist/check/testing/random-history.js'

const LIMIT_MS = 60_000
/** Operations on one key: with fewer, what was there long before may still be there. */
const SHORT = 100

/** By name: what no random plan brings about. */
const SPECIAL = {
  '200 lost writes at once': () => {
    const lost = Array.from({ length: 200 }, (_, i) => operation(i, null, 'write', i % 50))
    const reads = Array.from({ length: 60 }, (_, i) => operation(200 + 2 * i, 201 + 2 * i, 'read', null, (i * 7) % 50))
    return [...lost, ...reads]
  },
  '2,000 reads at once': () => {
    const writes = [operation(0, 1, 'write', 1), operation(2, 9_000, 'write', 2)]
    const reads = Array.from({ length: 2_000 }, (_, i) => operation(10 + i, 5_000 + i, 'read', null, 1 + (i % 2)))
    return [...writes, ...reads]
  },
}

function operation(invoked, completed, f, value, result) {
  return { process: invoked, f, value, result, invoked, completed }
}

/**
 * Milliseconds, the median of so many turns: what the checker takes, where it breaks included.
 *
 * @param plan for randomHistory, or the name of a special one
 */
export function measureCheck(plan, turns) {
  const model = plan.keys === undefined ? register : keyValue
  const good = typeof plan === 'string' ? SPECIAL[plan]() : operationsOf(randomHistory(plan))
  const goodMs = timed(good, model, 'linearizable', turns)
  return { operations: good.length, goodMs, staleMs: timed(withStaleRead(good, plan), model, 'not', turns) }
}

function timed(operations, model, verdict, turns) {
  const times = Array.from({ length: turns }, () => {
    const begun = performance.now()
    const report = checkLinearizability(operations, model, { now: () => performance.now(), timeLimitMs: LIMIT_MS })
    if (report.verdict !== verdict) throw new Error(`the verdict is ${report.verdict}, and should be ${verdict}`)
    return performance.now() - begun
  })
  return times.sort((a, b) => a - b)[Math.floor(turns / 2)]
}

/** The middle read has what was there long before; where that could be right, what was never there. */
function withStaleRead(operations, plan) {
  const reads = operations.filter(({ f }) => f === 'read' || f === 'get')
  const one = reads[Math.floor(reads.length / 2)]
  const early = reads.find(({ key, completed }) => key === one.key && completed < one.invoked - 1)
  const couldBeRight =
    typeof plan === 'string' || plan.values !== undefined || operations.length / (plan.keys ?? 1) < SHORT
  const result = couldBeRight || early === undefined ? 'nobody wrote this' : early.result
  return operations.map((other) => (other === one ? { ...one, result } : other))
}
