// Hostile input of every kind, against the real decoders and against real servers.
//
//   npm run hostile                                   all of it, some minutes
//   npm run hostile -- --only decoders,certificates   parts: decoders, bodies, sieges, certificates, replay
//   npm run hostile -- --inputs 100000 --seed 7       fewer mutated inputs, others
//   npm run hostile -- --seconds 60                   longer sieges
//
// --json FILE. Ends with status 1 if there is a finding. Sieges need Linux: they read how much memory a process has from
// /proc. Needs what `npm run build` makes.
import { parseArgs } from 'node:util'
import { attackBodies } from './hostile/bodies.js'
import { tryCertificates } from './hostile/certificates.js'
import { attackDecoders } from './hostile/decoders.js'
import { replaySessions } from './hostile/replay.js'
import { besiege } from './hostile/sieges.js'
import { writeResult } from './results.js'
import { runProgram, UsageError, wholeNumber } from './usage.js'

/** Of all inputs, so many are bodies of HTTP requests: each takes twenty times as long as one for a decoder. */
const BODY_SHARE = 0.01

const PARTS = {
  decoders: { run: attackDecoders, show: showDecoders },
  bodies: {
    run: (options, note) => attackBodies({ ...options, inputs: Math.ceil(options.inputs * BODY_SHARE) }, note),
    show: ({ inputs, fates }) => console.log(`bodies: ${inputs}, ${fates.accepted} accepted, ${fates.refused} refused`),
  },
  certificates: { run: (_options, note) => tryCertificates(note), show: ({ rows }) => console.table(rows) },
  replay: { run: (_options, note) => replaySessions(note), show: ({ rows }) => console.table(rows.map(flat)) },
  sieges: { run: besiege, show: ({ rows }) => console.table(rows) },
}

async function main() {
  const { values } = parseArgs({
    options: {
      only: { type: 'string', default: Object.keys(PARTS).join() },
      inputs: { type: 'string', default: '10000000' },
      seconds: { type: 'string', default: '20' },
      seed: { type: 'string', default: '1' },
      json: { type: 'string' },
    },
  })
  const options = Object.fromEntries(
    ['inputs', 'seconds', 'seed'].map((name) => [name, wholeNumber(name, values[name])]),
  )
  const names = values.only.split(',')
  const unknown = names.find((name) => !Object.hasOwn(PARTS, name))
  if (unknown !== undefined) throw new UsageError(`there is no part ${unknown}: ${Object.keys(PARTS).join(', ')}`)
  const begunAt = Date.now()
  const results = {}
  for (const name of names) {
    results[name] = await PARTS[name].run(options, (words) => console.error(`${name}: ${words}`))
    PARTS[name].show(results[name])
    for (const finding of results[name].findings) console.log(`FINDING ${name}: ${finding}`)
  }
  const findings = names.reduce((sum, name) => sum + results[name].findings.length, 0)
  console.log(`${findings} findings in ${Math.round((Date.now() - begunAt) / 1000)} s`)
  if (values.json !== undefined) writeResult(values.json, 'hostile', begunAt, { options, findings, ...results })
  process.exitCode = findings === 0 ? 0 : 1
}

function showDecoders({ inputs, seconds, rows, mendedFrames, pastChecksum, frameTypes, longestMs, ...cost }) {
  console.log(`decoders: ${inputs} inputs in ${Math.round(seconds)} s`)
  console.table(rows.map(({ target, inputs: count, fates }) => ({ target, inputs: count, ...fates })))
  console.table(frameTypes)
  console.log(`${mendedFrames} frames with a right checksum, ${pastChecksum} got past it`)
  console.log(
    `longest ${longestMs.toFixed(1)} ms; resident memory ${cost.rssBeforeMiB} MiB before, ${cost.peakRssMiB} MiB at its peak`,
  )
}

function flat({ before, after, ...row }) {
  return { ...row, before: JSON.stringify(before), after: JSON.stringify(after) }
}

await runProgram('hostile', main)
process.exit()
