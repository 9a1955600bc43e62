// What a run found, for people and for programs.
import { availableParallelism } from 'node:os'
import { resultOf } from '../../scripts/results.js'

/** One object for a report generator. */
export function reportOf({ name, options, omitted, started, summary }) {
  const { seed, servers, clients, network } = options
  const place = { processors: availableParallelism(), seed, servers, clients, network }
  return resultOf(name, started.getTime(), { ...place, omitted: Object.fromEntries(omitted), ...summary })
}

export function describeSummary(report) {
  const { phases, faults, stops, operations, recoveryMs } = report
  const total = (counts) => Object.values(counts).reduce((sum, count) => sum + count, 0)
  const listed = (counts) =>
    Object.entries(counts)
      .sort((one, other) => other[1] - one[1])
      .map(([name, count]) => `${name} ${count}`)
      .join(', ')
  return `
${phases.passed + phases.failed} phases in ${Math.round(report.durationMs / 1000)} s, ${total(faults)} faults: ${listed(faults)}
${operations.ok} operations done, ${operations.fail} refused, ${operations.info} with an unknown outcome
${report.historiesChecked} histories of a key checked, ${report.operationsChecked} operations in them
${report.elections} elections, ${report.processes} processes; servers that stopped themselves: ${listed(stops) || 'none'}
first write after healing: ${recoveryMs.p50} ms in the middle, ${recoveryMs.max} ms at most
${phases.passed} passed, ${phases.failed} failed`
}
