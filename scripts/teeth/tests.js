// The project's own tests as judges of a bug: scripts, the paper's statements, and the units.
import { readFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { runNode } from './children.js'
import { ROOT } from './planting.js'

/** Where a bug's tests are, by the folder that it is in. Cheap tests first: most bugs get no further. */
const STAGES = {
  'src/raft': ['test/paper', 'src/raft'],
  'src/check': ['src/check'],
  'src/storage': ['src/storage/disk-storage.test.ts', 'src/storage'],
  'src/runtime': ['src/runtime/', 'test/runtime'],
  'src/transport': ['src/transport'],
  'src/kv': ['src/kv'],
}
/** A bug may make a test run for ever: that is noticed, too. */
const LIMIT_MS = 120_000

export function stagesFor({ file }) {
  const stages = STAGES[file.split('/').slice(0, 2).join('/')]
  if (stages === undefined) throw new Error(`nobody has said where the tests of ${file} are`)
  return stages
}

/** @returns the tests that fail: none, the first one, or with `every` all of the stage that has one */
export async function runStages(folder, stages, { every = false, limitMs = LIMIT_MS } = {}) {
  for (const stage of stages) {
    const failures = await runTests(folder, stage, every, limitMs)
    if (failures.length > 0) return failures
  }
  return []
}

/** Without isolation: all files of a stage share one process and what it has loaded. */
async function runTests(folder, stage, every, limitMs) {
  const report = join(folder, 'report.json')
  writeFileSync(report, '')
  const flags = ['--no-cache', '--no-isolate', '--no-file-parallelism', '--reporter=json', `--outputFile=${report}`]
  if (!every) flags.push('--bail=1')
  const vitest = join(ROOT, 'node_modules/vitest/vitest.mjs')
  const { code, isLate } = await runNode([vitest, 'run', stage, ...flags], { cwd: folder, limitMs })
  if (isLate) return [`${stage} does not end within ${limitMs / 1000} s`]
  return code === 0 ? [] : failuresIn(report, stage, every)
}

function failuresIn(report, stage, every) {
  const text = readFileSync(report, 'utf8')
  if (text === '') return [`${stage} does not even start`]
  const titles = JSON.parse(text).testResults.flatMap(({ name, message, assertionResults }) => {
    const failed = assertionResults.filter(({ status }) => status === 'failed').map(({ title }) => title)
    if (failed.length === 0 && message) failed.push(message.split('\n')[0])
    return failed.map((title) => `${basename(name)}: ${title}`)
  })
  if (titles.length === 0) return [`${stage} fails without a failing test`]
  return every ? titles : titles.slice(0, 1)
}
