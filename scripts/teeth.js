// Do the tests bite? Plants the bugs of test/teeth/mutations.ts one at a time in a copy of the sources and runs the tests
// until the first one fails. A bug that survives is a hole in the tests, and the exit code is 1. Plain JavaScript: it runs
// on every Node that the library runs on.
//
//   npm run teeth                          all of them
//   npm run teeth -- --only figure-8       one, or several with commas
//   npm run teeth -- --also test/lab       further tests for what survives the first two stages
//   npm run teeth -- --every               names every test that notices, not only the first
//   npm run teeth -- --jobs 1              not two at a time
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { catalogue, plantInSources, workplace } from './teeth/planting.js'
import { runStages, stagesFor } from './teeth/tests.js'

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    every: { type: 'boolean', default: false },
    also: { type: 'string', multiple: true, default: [] },
    jobs: { type: 'string', default: '2' },
  },
})
const { MUTATIONS, placesOf } = await catalogue('mutations')
const mutations = chosen(MUTATIONS)
const allStages = (mutation) => [...stagesFor(mutation), ...values.also]

const folder = mkdtempSync(join(tmpdir(), 'quorate-teeth-'))
process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
const survivors = await runAll()
if (survivors === null || survivors.length > 0) process.exitCode = 1

/** @returns the bugs that no test noticed; null when the tests fail without any */
async function runAll() {
  const queue = [...mutations]
  const first = workplace(join(folder, 'worker-0'), { withTests: true })
  const failures = await runStages(first, [...new Set(queue.flatMap(allStages))])
  if (failures.length > 0) {
    console.error(`the tests fail without any bug planted, so they say nothing: ${failures.join('; ')}`)
    return null
  }
  const others = Array.from({ length: Number(values.jobs) - 1 }, (_, i) =>
    workplace(join(folder, `worker-${i + 1}`), { from: first, withTests: true }),
  )
  console.log(row('mutation', 'found by', 'seconds'))
  const survivors = []
  const work = async (directory) => {
    for (let mutation = queue.shift(); mutation !== undefined; mutation = queue.shift()) {
      const start = performance.now()
      const noticed = await plant(directory, mutation)
      if (noticed.length === 0) survivors.push(mutation)
      const seconds = ((performance.now() - start) / 1000).toFixed(1)
      console.log(row(mutation.id, noticed[0] ?? 'SURVIVES', seconds))
      for (const title of noticed.slice(1)) console.log(row('', title, ''))
    }
  }
  await Promise.all([first, ...others].map(work))
  console.log(`${mutations.length - survivors.length} of ${mutations.length} found`)
  for (const { id, title, source } of survivors) console.log(`survives: ${id}: ${title} (${source})`)
  return survivors
}

function chosen(all) {
  const ids = values.only?.split(',')
  for (const id of ids ?? []) {
    if (!all.some((mutation) => mutation.id === id)) throw new Error(`no mutation is called ${id}`)
  }
  return ids === undefined ? all : all.filter(({ id }) => ids.includes(id))
}

/** @returns the tests that noticed: none, the first, or with --every all of the stage that found it */
async function plant(directory, mutation) {
  const takeOut = plantInSources(directory, placesOf(mutation))
  try {
    return await runStages(directory, allStages(mutation), { every: values.every })
  } finally {
    takeOut()
  }
}

function row(id, foundBy, seconds) {
  return `${id.padEnd(34)} ${foundBy.padEnd(110).slice(0, 110)} ${seconds.padStart(7)}`
}
