// Everything that must be true of a commit, in one command: it compiles, it is formatted and clean, and its tests pass.
// One line a step, the output of what failed, and at the end a plain line: `N passed, N failed`.
//
//   npm test                          all of it
//   npm test -- --only lint           one step, or several: --only build,types
//   npm test -- --only paper,lab      some of the tests, and the build, because tests run what is built
//
// Plain JavaScript, because nothing is built yet when it runs.
import { spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const ROOT = fileURLToPath(new URL('..', import.meta.url))

/** Each counts as one. Those of one row run at the same time, the rows one after the other. */
const CHECKS = [
  [{ name: 'build', command: ['node', 'scripts/build.js'] }],
  [
    { name: 'types', command: ['tsc', '-p', 'tsconfig.test.json', '--noEmit'] },
    { name: 'format', command: ['biome', 'check', '--error-on-warnings', '.'] },
  ],
  [
    // Without --type-aware the rules about promises find nothing, and say nothing.
    { name: 'lint', command: ['oxlint', '--type-aware', '--deny-warnings'] },
    { name: 'unused', command: ['knip'] },
  ],
]

/** Groups of tests by where they lie, more special ones first. They run last and alone: some look at the clock. */
const GROUPS = [
  { name: 'scripts', folder: 'src/raft/scripts.test.ts' },
  { name: 'unit', folder: 'src/' },
  { name: 'server', folder: 'apps/' },
  { name: 'paper', folder: 'test/paper/' },
  { name: 'lab', folder: 'test/lab/' },
  { name: 'sim', folder: 'test/sim/' },
  { name: 'trace', folder: 'test/trace/' },
  { name: 'runtime', folder: 'test/runtime/' },
  { name: 'cluster', folder: 'test/cluster/' },
  { name: 'face', folder: 'test/types/' },
  { name: 'examples', folder: 'test/examples/' },
  { name: 'bench', folder: 'test/bench/' },
  { name: 'chaos', folder: 'test/chaos/' },
  { name: 'docs', folder: 'test/docs/' },
  { name: 'package', folder: 'test/package/' },
  { name: 'rules', folder: 'test/' },
]

const NAMES = [...CHECKS.flat(), ...GROUPS].map(({ name }) => name)
const total = { passed: 0, failed: 0 }

async function main() {
  const { values } = parseArgs({ options: { only: { type: 'string', multiple: true } } })
  const asked = values.only?.flatMap((names) => names.split(',')) ?? NAMES
  const chosen = asked.some((name) => GROUPS.some((group) => group.name === name)) ? ['build', ...asked] : asked
  const unknown = chosen.filter((name) => !NAMES.includes(name))
  if (unknown.length > 0) {
    console.error(`there is no step ${unknown.join(', ')}: choose among ${NAMES.join(', ')}`)
    process.exitCode = 2
    return
  }
  for (const row of CHECKS) await Promise.all(row.filter(({ name }) => chosen.includes(name)).map(check))
  await runTests(chosen)
  console.log(`${total.passed} passed, ${total.failed} failed`)
  process.exitCode = total.failed === 0 ? 0 : 1
}

async function check({ name, command }) {
  const { code, output, seconds } = await run(command)
  report(name, code === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 }, seconds)
  if (code !== 0) console.log(indent(output))
}

/** One process for all groups: starting it costs more than most of them. */
async function runTests(chosen) {
  const files = testFiles().filter((file) => chosen.includes(groupOf(file)))
  if (files.length === 0) return
  const folder = mkdtempSync(join(tmpdir(), 'quorate-test-'))
  const results = join(folder, 'results.json')
  const { code, output, seconds } = await run([
    'vitest',
    'run',
    '--mode=built',
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${results}`,
    ...files,
  ])
  const suites = readResults(results)
  rmSync(folder, { recursive: true })
  const before = total.failed
  for (const { name } of GROUPS) {
    const own = suites.filter((suite) => suite.group === name)
    if (own.length > 0)
      report(
        name,
        sum(own),
        own.reduce((all, suite) => all + suite.seconds, 0),
      )
  }
  // An error outside of any test, a crash, or no result at all.
  if (code !== 0 && total.failed === before) report('vitest', { passed: 0, failed: 1 }, seconds)
  if (total.failed > before) console.log(indent(failuresIn(output)))
}

/** A file that could not be loaded counts as one failure. What this machine cannot run is said, and counts as nothing. */
function readResults(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8')).testResults.map((suite) => {
      const countOf = (wanted) => suite.assertionResults.filter(({ status }) => status === wanted).length
      const [passed, failed] = [countOf('passed'), countOf('failed')]
      const skipped = suite.assertionResults.length - passed - failed
      const isBroken = suite.status === 'failed' && failed === 0
      const path = suite.name.slice(ROOT.length).replaceAll(sep, '/')
      const seconds = (suite.endTime - suite.startTime) / 1000
      return { group: groupOf(path), passed, failed: isBroken ? 1 : failed, skipped, seconds }
    })
  } catch {
    return []
  }
}

function sum(suites) {
  const add = (name) => suites.reduce((all, suite) => all + suite[name], 0)
  return { passed: add('passed'), failed: add('failed'), skipped: add('skipped') }
}

function groupOf(path) {
  return GROUPS.find(({ folder }) => path.startsWith(folder))?.name
}

/** Vitest takes parts of paths as a choice; whole ones choose exactly these, wherever the project lies. */
function testFiles() {
  return ['src', 'apps', 'test']
    .flatMap((folder) => readdirSync(join(ROOT, folder), { recursive: true }).map((name) => join(folder, name)))
    .filter((file) => file.endsWith('.test.ts') && !file.includes('node_modules'))
    .map((file) => file.replaceAll(sep, '/'))
}

function failuresIn(output) {
  const start = output.search(/^.*(Failed Tests|Failed Suites|Unhandled)/m)
  return start < 0 ? output : output.slice(start)
}

function run([program, ...args]) {
  const started = performance.now()
  const path = program === 'node' ? process.execPath : join(ROOT, 'node_modules', '.bin', program)
  const env = { ...process.env, NO_COLOR: '1', FORCE_COLOR: undefined }
  return new Promise((resolve) => {
    const child = spawn(path, args, { cwd: ROOT, env, shell: process.platform === 'win32' })
    let output = ''
    const finish = (code) => resolve({ code, output, seconds: (performance.now() - started) / 1000 })
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8')
      stream.on('data', (text) => {
        output += text
      })
    }
    child.on('error', (error) => {
      output += `${error.message}: run npm ci first`
      finish(1)
    })
    child.on('close', finish)
  })
}

function report(name, { passed, failed, skipped = 0 }, seconds) {
  total.passed += passed
  total.failed += failed
  const counts = [`${passed} passed`]
  if (failed > 0) counts.push(`${failed} failed`)
  if (skipped > 0) counts.push(`${skipped} not possible on this machine`)
  console.log(
    `${failed === 0 ? 'ok  ' : 'FAIL'} ${name.padEnd(8)} ${seconds.toFixed(1).padStart(6)} s  ${counts.join(', ')}`,
  )
}

function indent(text) {
  return text.trimEnd().replaceAll(/^/gm, '     ')
}

await main()
