// Do the tests bite? Plants the bugs of test/teeth/mutations.ts one at a time in a copy of the sources and runs the tests
// until the first one fails. A bug that survives is a hole in the tests, and the exit code is 1. Plain JavaScript: it runs
// on every Node that the library runs on.
//
//   npm run teeth                          all of them
//   npm run teeth -- --only figure-8       one, or several with commas
//   npm run teeth -- --also test/lab       further tests for what survives the first two stages
//   npm run teeth -- --jobs 1              not two at a time
import { spawn } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { runnerImport } from 'vite'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
/** Cheap tests first: most bugs get no further. */
const STAGES = ['test/paper', 'src/raft']
/** What a run needs, besides the installed packages. */
const COPIED = [
  'src',
  'test',
  'package.json',
  'vitest.config.ts',
  'tsconfig.base.json',
  'tsconfig.test.json',
  'tsconfig.json',
]
/** A bug may make a test run for ever: that is noticed, too. */
const LIMIT_MS = 120_000

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    also: { type: 'string', multiple: true, default: [] },
    jobs: { type: 'string', default: '2' },
  },
})
const stages = [...STAGES, ...values.also]
const { module } = await runnerImport(join(ROOT, 'test/teeth/mutations.ts'), { logLevel: 'silent' })
const mutations = chosen(module.MUTATIONS)
const misplaced = mutations.filter(({ file, find }) => occurrences(join(ROOT, file), find) !== 1)
for (const { id, file, find } of misplaced) {
  console.error(`${id}: its text occurs ${occurrences(join(ROOT, file), find)} times in ${file}: ${find}`)
}

const folder = mkdtempSync(join(tmpdir(), 'quorate-teeth-'))
process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
process.on('SIGINT', () => process.exit(130))
process.on('SIGTERM', () => process.exit(143))
const survivors = await runAll()
if (survivors === null || survivors.length > 0 || misplaced.length > 0) process.exitCode = 1

/** @returns the bugs that no test noticed; null when the tests fail without any */
async function runAll() {
  const queue = mutations.filter((mutation) => !misplaced.includes(mutation))
  const workers = Array.from({ length: Math.min(Number(values.jobs), queue.length) }, (_, i) =>
    workplace(`worker-${i}`),
  )
  if (workers[0] === undefined) return []
  const failure = await findFailure(workers[0])
  if (failure !== null) {
    console.error(`the tests fail without any bug planted, so they say nothing: ${failure}`)
    return null
  }
  const survivors = []
  console.log(row('mutation', 'found by', 'seconds'))
  const work = async (directory) => {
    for (let mutation = queue.shift(); mutation !== undefined; mutation = queue.shift()) {
      const start = performance.now()
      const foundBy = await plant(directory, mutation)
      if (foundBy === null) survivors.push(mutation)
      console.log(row(mutation.id, foundBy ?? 'SURVIVES', ((performance.now() - start) / 1000).toFixed(1)))
    }
  }
  await Promise.all(workers.map(work))
  console.log(`${mutations.length - misplaced.length - survivors.length} of ${mutations.length} found`)
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

function occurrences(file, text) {
  return readFileSync(file, 'utf8').split(text).length - 1
}

/** A copy of the sources of its own. */
function workplace(name) {
  const directory = join(folder, name)
  for (const path of COPIED) cpSync(join(ROOT, path), join(directory, path), { recursive: true })
  symlinkSync(join(ROOT, 'node_modules'), join(directory, 'node_modules'))
  return directory
}

/** @returns the first test that noticed, or null */
async function plant(directory, { file, find, replace }) {
  const path = join(directory, file)
  const sound = readFileSync(path, 'utf8')
  writeFileSync(
    path,
    sound.replace(find, () => replace),
  )
  try {
    return await findFailure(directory)
  } finally {
    writeFileSync(path, sound)
  }
}

async function findFailure(directory) {
  for (const stage of stages) {
    const failure = await runTests(directory, stage)
    if (failure !== null) return failure
  }
  return null
}

/** Without isolation: all files of a stage share one process and what it has loaded. */
function runTests(directory, stage) {
  const report = join(folder, `${basename(directory)}.json`)
  writeFileSync(report, '')
  const flags = ['--bail=1', '--no-isolate', '--no-file-parallelism', '--reporter=json', `--outputFile=${report}`]
  const vitest = join(ROOT, 'node_modules/vitest/vitest.mjs')
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [vitest, 'run', stage, ...flags], {
      cwd: directory,
      stdio: 'ignore',
      detached: true,
    })
    // The tests run in a child of this child: the whole group has to go.
    const timer = setTimeout(() => {
      process.kill(-child.pid, 'SIGKILL')
      resolve(`does not end within ${LIMIT_MS / 1000} s (${stage})`)
    }, LIMIT_MS)
    child.on('error', reject)
    child.on('exit', (code) => {
      clearTimeout(timer)
      resolve(code === 0 ? null : failureIn(report, stage))
    })
  })
}

function failureIn(report, stage) {
  const text = readFileSync(report, 'utf8')
  if (text === '') return `${stage} does not even start`
  for (const { name, message, assertionResults } of JSON.parse(text).testResults) {
    const failed = assertionResults.find(({ status }) => status === 'failed')
    if (failed !== undefined) return `${basename(name)}: ${failed.title}`
    if (message) return `${basename(name)}: ${message.split('\n')[0]}`
  }
  return `${stage} fails without a failing test`
}

function row(id, foundBy, seconds) {
  return `${id.padEnd(34)} ${foundBy.padEnd(110).slice(0, 110)} ${seconds.padStart(7)}`
}
