// What a run found, for people and for programs.
import { execFileSync } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** One object for a report generator. */
export function reportOf({ options, omitted, started, summary }) {
  return {
    kind: 'chaos',
    commit: commit(),
    date: started.toISOString(),
    seconds: Math.round((Date.now() - started.getTime()) / 1000),
    node: process.versions.node,
    processors: availableParallelism(),
    seed: options.seed,
    servers: options.servers,
    clients: options.clients,
    network: options.network,
    omitted: Object.fromEntries(omitted),
    ...summary,
  }
}

function commit() {
  try {
    return execFileSync('git', ['rev-parse', 'HEAD'], {
      cwd: ROOT,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim()
  } catch {
    return null
  }
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
${phases.passed + phases.failed} phases in ${report.seconds} s, ${total(faults)} faults: ${listed(faults)}
${operations.ok} operations done, ${operations.fail} refused, ${operations.info} with an unknown outcome
${report.historiesChecked} histories of a key checked, ${report.operationsChecked} operations in them
${report.elections} elections, ${report.processes} processes; servers that stopped themselves: ${listed(stops) || 'none'}
first write after healing: ${recoveryMs.p50} ms in the middle, ${recoveryMs.max} ms at most
${phases.passed} passed, ${phases.failed} failed`
}
