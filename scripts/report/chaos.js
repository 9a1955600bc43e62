// Real processes: chaos, summed over all runs, and every system call made to fail in turn.
import { bestOf } from './disks.js'
import { added, byCount, count, provenance, sumOf, table } from './words.js'

export function sumOfChaos(results) {
  if (results.length === 0) return null
  const sum = added(results)
  return { ...sum, faultCount: sumOf(sum.faults), violations: results.flatMap(({ violations }) => violations) }
}

export function chaosSection(results) {
  const sum = sumOfChaos(results)
  if (sum === null) return null
  const networks = [...new Set(results.map(({ network }) => network))]
  const slowest = Math.max(...results.map(({ recoveryMs }) => recoveryMs.max ?? 0))
  return [
    `${provenance(results)} Networks: ${networks.join(', ')}.`,
    '',
    ...table(
      ['', 'number:'],
      [
        ['phases of trouble, each with a calm after it', count(sum.phases.passed + sum.phases.failed)],
        ['faults', count(sum.faultCount)],
        ['operations done', count(sum.operations.ok)],
        ['operations refused', count(sum.operations.fail)],
        ['operations with an unknown outcome', count(sum.operations.info)],
        ['histories of a key checked', count(sum.historiesChecked)],
        ['operations in them', count(sum.operationsChecked)],
        ['elections', count(sum.elections)],
        ['processes', count(sum.processes)],
        ['the longest until the first write after a phase', `${count(slowest)} ms`],
        ['phases that failed', count(sum.phases.failed)],
      ],
    ),
    '',
    ...table(
      ['fault', 'times:'],
      byCount(sum.faults).map(([kind, times]) => [kind, count(times)]),
    ),
    ...(Object.keys(sum.stops ?? {}).length === 0
      ? []
      : [
          '',
          `Servers that stopped themselves, as they should: ${byCount(sum.stops)
            .map(([code, times]) => `${code} ${count(times)}`)
            .join(', ')}.`,
        ]),
    '',
    ...(sum.violations.length === 0 ? ['No phase failed.'] : sum.violations.map((words) => `- **failed**: ${words}`)),
  ]
}

export function callsOf(results) {
  return bestOf(results, ({ points }) => points)
}

export function callsSection(results) {
  const best = callsOf(results)
  if (best === null) return null
  const { points, failed, calls, every = 1 } = best
  return [
    `${provenance([best])} A server alone meets one failing call, at each place of its life${every === 1 ? '' : `, here at each ${every}th`}; then it is killed, and starts on a sound disk: it must have kept all that it acknowledged.`,
    '',
    `${count(points)} places, ${count(failed)} failed.`,
    '',
    ...table(
      ['call and fault', 'places:', 'failed:', 'and then the server'],
      Object.entries(calls).map(([name, { points: own, failed: bad, outcomes }]) => [
        ...[name, own, bad],
        byCount(outcomes)
          .map(([outcome, times]) => `${outcome} (${times})`)
          .join('; '),
      ]),
    ),
  ]
}
