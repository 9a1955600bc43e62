// The chaos program, for two seconds, and what becomes of what it started. Hours of it are `npm run test:long` and
// `npm run chaos`.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, expect, test } from 'vitest'

const RUN = fileURLToPath(new URL('../../chaos/run.js', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'quorate-smoke-'))
afterAll(() => rmSync(folder, { recursive: true }))

interface Run {
  readonly child: ChildProcess
  readonly ended: Promise<number | null>
  readonly output: () => string
}

/** Its folders lie in ours, so that those of other runs are nobody's affair. */
function chaos(...args: readonly string[]): Run {
  const child = spawn(process.execPath, [RUN, ...args], { cwd: folder, env: { ...process.env, TMPDIR: folder } })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (piece) => (output += piece))
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve))
  return { child, ended, output: () => output }
}

function leftFolders(): string[] {
  return readdirSync(folder).filter((name) => name.startsWith('quorate-chaos-'))
}

/** Whatever has the folder in its command line or environment. */
function leftServers(): string[] {
  if (!existsSync('/proc')) return []
  const lines = execFileSync('ps', ['-eo', 'pid,args'], { encoding: 'utf8' }).split('\n')
  return lines.filter((line) => line.includes(folder) && line.includes('server-program'))
}

test('two seconds with kills and resets: all is checked, and nothing is left behind', async () => {
  const file = join(folder, 'figures.json')
  const faults = [
    '--only',
    'kill,reset',
    '--trouble-seconds',
    '2',
    '--minutes',
    '0.01',
    '--seed',
    '4',
    '--clients',
    '4',
  ]
  const run = chaos(...faults, '--json', file)
  expect(await run.ended, run.output()).toBe(0)
  expect(run.output()).toMatch(/\n1 passed, 0 failed\n$/)
  const figures = JSON.parse(readFileSync(file, 'utf8'))
  expect(figures).toMatchObject({ seed: 4, servers: 3, phases: { passed: 1, failed: 0 }, violations: [] })
  expect(figures.operations.ok).toBeGreaterThan(20)
  expect(figures.historiesChecked).toBeGreaterThan(0)
  expect([leftFolders(), leftServers()]).toEqual([[], []])
}, 30_000)

test('a wrong call is answered by one line and status 2', async () => {
  const run = chaos('--only', 'kill,sharks')
  expect(await run.ended).toBe(2)
  expect(run.output()).toMatch(/^chaos: there is no kind of fault 'sharks': choose among freeze, kill, kill-all, .*\n$/)
})
