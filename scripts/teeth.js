// Do the tests bite? Plants the bugs of test/teeth/mutations.ts one at a time in a copy of the sources and runs the tests
// until the first one fails. A bug that survives is a hole in the tests, and the exit code is 1. Plain JavaScript: it runs
// on every Node that the library runs on.
//
//   npm run teeth                          all of them
//   npm run teeth -- --only figure-8       one, or several with commas
//   npm run teeth -- --also test/lab       further tests for what survives the first two stages
//   npm run teeth -- --every               names every test that notices, not only the first
//   npm run teeth -- --jobs 1              not two at a time
import { spawn } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { runnerImport } from 'vite'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
/** Where a bug's tests are, by the folder that it is in. Cheap tests first: most bugs get no further. */
const STAGES = {
  'src/raft': ['test/paper', 'src/raft'],
  'src/check': ['src/check'],
  'src/storage': ['src/storage/disk-storage.test.ts'],
  'src/runtime': ['src/runtime/driver'],
}
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
    every: { type: 'boolean', default: false },
    also: { type: 'string', multiple: true, default: [] },
    jobs: { type: 'string', default: '2' },
  },
})
const { module } = await runnerImport(join(ROOT, 'test/teeth/mutations.ts'), { logLevel: 'silent' })
const mutations = chosen(module.MUTATIONS)
const stagesFor = ({ file }) => [...STAGES[file.split('/').slice(0, 2).join('/')], ...values.also]
const misplaced = mutations.filter(({ file, find }) => occurrences(join(ROOT, file), find) !== 1)
for (const { id, file, find } of misplaced) {
  console.error(`${id}: its text occurs ${occurrences(join(ROOT, file), find)} times in ${file}: ${find}`)
}

const folder = mkdtempSync(join(tmpdir(), 'quorate-teeth-'))
/** What runs at the moment: the process ids of its leaders. */
const running = new Set()
process.on('exit', () => {
  for (const pid of running) killGroup(pid)
  rmSync(folder, { recursive: true, force: true })
})
process.on('SIGINT', () => process.exit(130))
process.on('SIGTERM', () => process.exit(143))
const survivors = await runAll()
if (survivors === null || survivors.length > 0 || misplaced.length > 0) process.exitCode = 1

/** @returns the bugs that no test noticed; null when the tests fail without any */
async function runAll() {
  const queue = mutations.filter((mutation) => !misplaced.includes(mutation))
  if (queue.length === 0) return []
  const first = workplace('worker-0', ROOT)
  const failures = await runStages(first, [...new Set(queue.flatMap(stagesFor))])
  if (failures.length > 0) {
    console.error(`the tests fail without any bug planted, so they say nothing: ${failures.join('; ')}`)
    return null
  }
  // Copies of the first copy: somebody may be writing in the tree, and only the first was tried without a bug.
  const others = Array.from({ length: Number(values.jobs) - 1 }, (_, i) => workplace(`worker-${i + 1}`, first))
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
function workplace(name, source) {
  const directory = join(folder, name)
  for (const path of COPIED) cpSync(join(source, path), join(directory, path), { recursive: true })
  symlinkSync(join(ROOT, 'node_modules'), join(directory, 'node_modules'))
  return directory
}

/** @returns the tests that noticed: none, the first, or with --every all of the stage that found it */
async function plant(directory, mutation) {
  const { file, find, replace } = mutation
  const path = join(directory, file)
  const sound = readFileSync(path, 'utf8')
  writeFileSync(
    path,
    sound.replace(find, () => replace),
  )
  try {
    return await runStages(directory, stagesFor(mutation))
  } finally {
    writeFileSync(path, sound)
  }
}

async function runStages(directory, stages) {
  for (const stage of stages) {
    const failures = await runTests(directory, stage)
    if (failures.length > 0) return failures
  }
  return []
}

/** Without isolation: all files of a stage share one process and what it has loaded. */
function runTests(directory, stage) {
  const report = join(folder, `${basename(directory)}.json`)
  writeFileSync(report, '')
  const flags = ['--no-cache', '--no-isolate', '--no-file-parallelism', '--reporter=json', `--outputFile=${report}`]
  if (!values.every) flags.push('--bail=1')
  const vitest = join(ROOT, 'node_modules/vitest/vitest.mjs')
  const options = { cwd: directory, stdio: 'ignore', detached: true }
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [vitest, 'run', stage, ...flags], options)
    running.add(child.pid)
    const timer = setTimeout(() => {
      killGroup(child.pid)
      resolve([`${stage} does not end within ${LIMIT_MS / 1000} s`])
    }, LIMIT_MS)
    child.on('error', reject)
    child.on('exit', (code) => {
      clearTimeout(timer)
      running.delete(child.pid)
      resolve(code === 0 ? [] : failuresIn(report, stage))
    })
  })
}

/** The tests run in children of the child: the whole group has to go. */
function killGroup(pid) {
  try {
    process.kill(-pid, 'SIGKILL')
  } catch (error) {
    if (error.code !== 'ESRCH') throw error
  }
}

function failuresIn(report, stage) {
  const text = readFileSync(report, 'utf8')
  if (text === '') return [`${stage} does not even start`]
  const titles = JSON.parse(text).testResults.flatMap(({ name, message, assertionResults }) => {
    const failed = assertionResults.filter(({ status }) => status === 'failed').map(({ title }) => title)
    if (failed.length === 0 && message) failed.push(message.split('\n')[0])
    return failed.map((title) => `${basename(name)}: ${title}`)
  })
  if (titles.length === 0) return [`${stage} fails without a failing test`]
  return values.every ? titles : titles.slice(0, 1)
}

function row(id, foundBy, seconds) {
  return `${id.padEnd(34)} ${foundBy.padEnd(110).slice(0, 110)} ${seconds.padStart(7)}`
}
