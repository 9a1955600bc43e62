// Hostile input: the numbers of all runs together, and what the newest run of each part has to say.
import { added, byCount, count, provenance, sumOf, table } from './words.js'

export function sumOfHostile(results) {
  if (results.length === 0) return null
  const of = (part) => results.flatMap((result) => (result[part] === undefined ? [] : [result[part]]))
  return {
    inputs: of('decoders').reduce((sum, { inputs }) => sum + inputs, 0),
    bodies: of('bodies').reduce((sum, { inputs }) => sum + inputs, 0),
    findings: results.flatMap((result) => PARTS.flatMap((part) => result[part]?.findings ?? [])),
    newest: Object.fromEntries(PARTS.map((part) => [part, of(part).at(-1) ?? null])),
    targets: targetsIn(of('decoders')),
  }
}

const PARTS = ['decoders', 'bodies', 'certificates', 'replay', 'sieges']

function targetsIn(decoders) {
  const targets = new Map()
  for (const { rows } of decoders)
    for (const row of rows) targets.set(row.target, [...(targets.get(row.target) ?? []), row])
  return [...targets].map(([target, rows]) => ({ target, ...added(rows) }))
}

export function hostileSection(results) {
  const sum = sumOfHostile(results)
  if (sum === null) return null
  const { certificates, replay, sieges } = sum.newest
  return [
    provenance(results),
    '',
    `${count(sum.inputs)} mutated inputs for the decoders, ${count(sum.bodies)} for the bodies of HTTP requests.`,
    '',
    'Refused for their `header`, `checksum` or `content`; or accepted, as the `same` or as some `other` message that one may send.',
    '',
    ...table(
      ['decoder', 'inputs:', 'and what became of them'],
      sum.targets.map(({ target, inputs, fates }) => [target, count(inputs), fatesIn(fates)]),
    ),
    '',
    ...(certificates
      ? [
          `${certificates.rows.length} handshakes with right and wrong certificates: ${certificates.findings.length} ended otherwise than they should.`,
        ]
      : []),
    ...(replay
      ? [
          `${sumOf(Object.fromEntries(replay.rows.map(({ connections }, at) => [at, connections])))} recorded connections said again, in ${replay.rows.length} situations: ${replay.findings.length} changed anything.`,
        ]
      : []),
    ...(sieges ? ['', 'Servers under siege, as the newest run has it:', '', ...siegeTable(sieges.rows)] : []),
    '',
    ...(sum.findings.length === 0
      ? ['Nothing was found.']
      : sum.findings.map((finding) => `- **finding**: ${finding}`)),
  ]
}

function siegeTable(rows) {
  return table(
    ['over', 'siege', 'requests:', 'p50 ms:', 'p99 ms:', 'failed:', 'memory before, MiB:', 'at its peak:'],
    rows.map(({ over, siege, requests, p50Ms, p99Ms, failures, rssBeforeMiB, rssPeakMiB = '' }) => [
      ...[over, siege, requests, p50Ms, p99Ms, failures, rssBeforeMiB, rssPeakMiB],
    ]),
  )
}

function fatesIn(fates) {
  return byCount(fates)
    .filter(([, times]) => times > 0)
    .map(([fate, times]) => `${fate} ${count(times)}`)
    .join(', ')
}
