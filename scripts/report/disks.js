// One bad disk: the sweep of every fault that it can have. The run with the most cases is shown, of those the newest.
import { count, provenance, table } from './words.js'

export function bestOf(results, size) {
  return [...results].sort((one, other) => size(other) - size(one) || (other.date < one.date ? -1 : 1))[0] ?? null
}

export function sweepOf(results) {
  return bestOf(results, ({ cases }) => cases)
}

export function diskSection(results) {
  const sweep = sweepOf(results)
  if (sweep === null) return null
  const { counts, cases, replaced, table: rows, options, failed } = sweep
  const outcomes = Object.keys(counts)
  const part = options.every === 1 ? 'every case' : `each ${options.every}th case`
  return [
    `${provenance([sweep])} Every file of one disk of three, every place in it, every fault: ${part} (${options.servers.join(', ')}; ${options.endings.join(', ')}). [What the outcomes mean](decisions/0026-what-one-bad-disk-can-do.md).`,
    '',
    `${count(cases)} cases: ${outcomes.map((outcome) => `${count(counts[outcome])} ${outcome}`).join(', ')}. After ${count(replaced)} of the refusals the server was replaced, and the cluster was whole again.`,
    '',
    ...table(
      ['file', 'fault', ...outcomes.map((outcome) => `${outcome}:`)],
      rows.map(({ role, kind, counts: own }) => [role, kind, ...outcomes.map((outcome) => own[outcome] || '')]),
    ),
    '',
    ...(failed.length === 0 ? ['No case failed.'] : failed.map(({ name, words }) => `- **failed**: ${name}: ${words}`)),
  ]
}
