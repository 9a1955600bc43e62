// The benchmark, each scenario once and tiny: what is looked at is that it measures and what it says, never how fast.
import { execFile } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

const RUN = fileURLToPath(new URL('../../bench/run.js', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'quorate-bench-smoke-'))
afterAll(() => rmSync(folder, { recursive: true }))

interface Outcome {
  readonly status: number
  readonly stdout: string
  readonly stderr: string
}

/** Without a PATH there is no etcd, on whatever machine this runs. */
function bench(...args: readonly string[]): Promise<Outcome> {
  const env = { ...process.env, PATH: '' }
  return new Promise((resolve) => {
    execFile(process.execPath, [RUN, ...args], { env, maxBuffer: 2 ** 24 }, (error, stdout, stderr) =>
      resolve({ status: error === null ? 0 : Number(error.code), stdout, stderr }),
    )
  })
}

type Row = Record<string, unknown>

function byScenario(lines: string): Map<string, Row[]> {
  const results = new Map<string, Row[]>()
  for (const line of lines.trim().split('\n')) {
    const row = JSON.parse(line) as Row
    const name = String(row['scenario'])
    results.set(name, [...(results.get(name) ?? []), row])
  }
  return results
}

test('a bad option is answered by one line and status 2', async () => {
  const { status, stdout, stderr } = await bench('--only', 'speed')
  expect(stderr).toMatch(/^bench: there is no scenario 'speed': choose among replication, append, core, .*\n$/)
  expect({ status, stdout }).toEqual({ status: 2, stdout: '' })
})

describe('all scenarios, tiny', () => {
  const svg = join(folder, 'charts.svg')
  const answer = '{"opsPerSecond":5,"p50Ms":1,"p99Ms":2}'
  const tiny =
    `--seconds 0.1 --warm-up-seconds 0.1 --steady-seconds 0.5 --turns 1 --peer-turns 1 --proposers 8 --sizes 16 --rounds 1 --stop-rounds 1 ` +
    `--segment-bytes 1e6 --log-bytes 1e6 --groups 4 --history-scale 0.02 --snapshot-bytes 1e6 --json --svg ${svg} --directory ${folder}`
  let outcome: Outcome
  let results: Map<string, Row[]>

  beforeAll(async () => {
    const peer = `fake {bytes}=echo warming up && echo '${answer}'`
    outcome = await bench('--all', ...tiny.split(' '), '--peer', peer)
    results = byScenario(outcome.stdout)
  }, 60_000)

  test.each([
    ['durable replication', 1, ['opsPerSecond', 'p50Ms', 'p99Ms', 'p999Ms']],
    ['log append', 3, ['entriesPerSecond', 'syncsPerSecond', 'megabytesPerSecond']],
    ['core in memory, three servers', 4, ['microseconds', 'bestMicroseconds']],
    ['linearizable reads', 2, ['opsPerSecond', 'p50Ms', 'p99Ms']],
    ['fail-over', 2, ['p50Ms', 'worstMs']],
    ['catching up beside live load', 4, ['opsPerSecond', 'p99Ms', 'leaderMb']],
    ['reopening a log', 1, ['commands', 'seconds']],
    ['memory under load', 1, ['leaderMb', 'followersMb']],
    ['many groups', 3, ['groups']],
    ['checking histories', 9, ['operations', 'goodMs', 'staleMs']],
    ['beside others', 3, ['opsPerSecond', 'p50Ms', 'p99Ms']],
  ])('%s has %i results', (scenario, count, figures) => {
    const rows = results.get(scenario) ?? []
    expect(rows, outcome.stderr).toHaveLength(count)
    for (const row of rows)
      for (const name of figures) expect(row[name], `${name} of ${JSON.stringify(row)}`).toBeGreaterThan(0)
  })

  test('ends well, and leaves nothing behind but its charts', () => {
    expect(outcome.status, outcome.stderr).toBe(0)
    expect(readdirSync(folder)).toEqual(['charts.svg'])
  })

  test('says in one line that etcd is not there', () => {
    expect(outcome.stderr.split('\n').filter((line) => line.includes('etcd'))).toEqual([
      expect.stringContaining('etcd is not on the PATH: its figures are left out'),
    ])
  })

  test('the server that joins is brought the whole snapshot', () => {
    const transfer = results.get('catching up beside live load')?.find(({ name }) => name === 'transfer')
    expect(transfer?.['bytes']).toBeGreaterThan(1e6)
    expect(transfer?.['failed']).toBe(0)
  })

  test('each round of fail-over is listed', () => {
    for (const { rounds, times } of results.get('fail-over') ?? []) expect(times).toHaveLength(Number(rounds))
  })

  test('the chart has a panel for each question', () => {
    const drawn = readFileSync(svg, 'utf8')
    expect(drawn.match(/font-weight="600">[^<]*\?</g)).toHaveLength(4)
    expect(drawn).toContain('Beside other systems')
    expect(drawn).not.toMatch(/NaN|undefined|Infinity/)
  })
})

test('a peer that prints something else is named before anything is measured', async () => {
  const args = '--only peers --proposers 1 --seconds 0.1 --warm-up-seconds 0.1 --segment-bytes 1e6'.split(' ')
  const { status, stdout, stderr } = await bench(
    ...args,
    '--json',
    '--directory',
    folder,
    '--peer',
    'odd=echo 5 per second',
  )
  expect(stderr).toContain("--peer odd: 'echo 5 per second' must end with a line")
  expect(stderr).toContain('and printed: 5 per second')
  expect({ status, stdout }).toEqual({ status: 1, stdout: '' })
})
