// Does the explorer bite? Plants bugs of test/teeth/mutations.ts one at a time in a copy of the sources, explores with
// bounds in which the bug can show itself, and says how many states that took. A bug that is not found is said, and the
// exit code is 1.
//
//   node scripts/explore-teeth.js                  all of the table below
//   node scripts/explore-teeth.js --only figure-8  one, or several with commas
//
// --minutes N for each, --json FILE.
import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { runnerImport } from 'vite'
import { writeResult } from './results.js'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const COPIED = ['src', 'package.json', 'tsconfig.base.json', 'tsconfig.pure.json', 'tsconfig.node.json']
const ELECTIONS = '--terms 2 --log 1 --messages 4 --proposals 1 --heartbeats 0 --crashes 1 --noop'
const LOGS = '--terms 3 --log 2 --messages 4 --proposals 2 --heartbeats 1 --crashes 0'
const CRASHES = '--terms 2 --log 2 --messages 4 --proposals 1 --heartbeats 0 --crashes 1 --unsynced --noop'
const MEMBERS = '--servers 4 --terms 2 --log 4 --messages 4 --proposals 0 --heartbeats 1 --crashes 0 --changes 1 --noop'
const SNAPSHOTS = '--terms 3 --log 3 --messages 4 --proposals 3 --heartbeats 2 --crashes 1 --snapshots 2'

/** Bounds for each bug: small ones in which it does harm. */
const BOUNDS = {
  'vote-twice': ELECTIONS,
  'up-to-date-by-length': LOGS,
  'up-to-date-by-commit': LOGS,
  'vote-cleared-in-same-term': '--terms 2 --log 1 --messages 4 --proposals 0 --heartbeats 0 --crashes 0 --step-downs 1',
  'vote-before-disk': CRASHES,
  'request-before-disk': CRASHES,
  'term-not-persisted': ELECTIONS,
  'stale-votes': '--terms 2 --log 1 --messages 6 --proposals 0 --heartbeats 0 --crashes 0 --no-vanish',
  'half-elects': '--servers 4 --terms 2 --log 1 --messages 6 --proposals 0 --heartbeats 0 --crashes 0',
  'figure-8': LOGS,
  'half-commits': '--servers 4 --terms 2 --log 1 --messages 6 --proposals 1 --heartbeats 0 --crashes 0',
  'commit-beyond-message': LOGS,
  'commit-falls': LOGS,
  'match-falls': LOGS,
  'refusal-acknowledges': LOGS,
  'match-is-own-last': LOGS,
  'cut-always': LOGS,
  'cut-never': LOGS,
  'no-term-check': LOGS,
  'acknowledge-before-disk': CRASHES,
  'leader-counts-itself-early': CRASHES,
  'old-write-confirms-new-entry':
    '--terms 3 --log 1 --messages 4 --proposals 0 --heartbeats 0 --unsynced --noop --crashes 0',
  'configuration-not-on-append': MEMBERS,
  'configuration-not-rolled-back': MEMBERS,
  'joint-election-by-new': MEMBERS.replace('--messages 4', '--messages 5'),
  'joint-commit-by-new': MEMBERS.replace('--terms 2', '--terms 1'),
  'snapshot-over-matching-log': SNAPSHOTS,
  'old-snapshot-installed': SNAPSHOTS,
  'snapshot-term-lost': SNAPSHOTS,
  'snapshot-acknowledged-before-disk': `${SNAPSHOTS} --unsynced`,
}

const { values } = parseArgs({
  options: { only: { type: 'string' }, minutes: { type: 'string', default: '10' }, json: { type: 'string' } },
})
const begunAt = Date.now()
const bugs = []
const { module } = await runnerImport(join(ROOT, 'test/teeth/mutations.ts'), { logLevel: 'silent' })
const wanted = values.only?.split(',') ?? Object.keys(BOUNDS)
const folder = mkdtempSync(join(tmpdir(), 'quorate-explore-teeth-'))
process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
for (const name of COPIED) cpSync(join(ROOT, name), join(folder, name), { recursive: true })
symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'))
console.log(row(['bug', 'states', 'depth', 'seconds of CPU', 'what is broken']))
for (const id of wanted) plant(module.MUTATIONS.find((mutation) => mutation.id === id))
if (values.json !== undefined) writeResult(values.json, 'explore-teeth', begunAt, { bugs })

function plant({ id, title, file, find, replace }) {
  const path = join(folder, file)
  const text = readFileSync(path, 'utf8')
  writeFileSync(
    path,
    text.replace(find, () => replace),
  )
  try {
    // Built whether its types are right or not: some bugs leave a name unused.
    spawnSync(join(ROOT, 'node_modules/.bin/tsc'), ['--build', 'tsconfig.node.json'], { cwd: folder })
    const { ending, states, depth, cpuMs, violation } = explore(BOUNDS[id])
    if (ending !== 'violation') process.exitCode = 1
    bugs.push({ id, title, found: violation ?? null, ending, states, depth, cpuMs })
    console.log(row([id, states, depth, (cpuMs / 1000).toFixed(1), violation ?? `NOT FOUND (${ending})`]))
  } finally {
    writeFileSync(path, text)
  }
}

function explore(options) {
  // Only the explorer's own properties: what the specification notices is for spec-teeth.js.
  const args = ['dist/cli/main.js', 'explore', '--json', '--no-spec', '--time', values.minutes, ...options.split(' ')]
  const { stdout, stderr } = spawnSync(process.execPath, args, { cwd: folder, encoding: 'utf8' })
  try {
    return JSON.parse(stdout)
  } catch {
    return { ending: stderr.trim().split('\n').at(-1) ?? 'no output', states: 0, depth: 0, cpuMs: 0 }
  }
}

function row(cells) {
  const [name, states, depth, seconds, what] = cells.map(String)
  return `${name.padEnd(34)}${states.padStart(11)}${depth.padStart(7)}${seconds.padStart(16)}  ${what}`
}
