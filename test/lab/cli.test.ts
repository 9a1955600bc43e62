// The command line as its users meet it: `quorate lab` and `quorate log`, started as processes.

import { cpSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import {
  build,
  emptyFolder,
  idleRaft,
  interruptedQuorate,
  quorate,
  quorateIn,
  quorateJson,
  removeFolders,
  runCopy,
  SKELETON,
  writeRaft,
} from './cli-vocabulary.ts'

// A process takes a tenth of a second to start, and ten times that on a busy machine.
vi.setConfig({ testTimeout: 30_000 })

beforeAll(build, 60_000)
afterAll(removeFolders)

describe.concurrent('a run of the lab', () => {
  test('prints the lab’s two lines for each test, and a summary', async () => {
    const { status, lines } = await quorate('lab', '--run', '2A', '--seed', '7')
    expect(status).toBe(0)
    expect(lines[0]).toBe('seed 7, virtual clock')
    expect(lines.filter((line) => line.startsWith('Test'))).toEqual([
      'Test (2A): initial election ...',
      'Test (2A): election after network failure ...',
      'Test (2A): multiple elections ...',
    ])
    expect(lines[2]).toMatch(/^ {2}\.\.\. Passed -- {3}\d\.\d {2}3 [ \d]{4} [ \d]{7} {4}0$/)
    expect(lines.at(-1)).toMatch(/^PASS: 3 passed, 0 failed, \d+\.\d s real, seed 7$/)
  })

  test('chooses and prints its seed when none is given', async () => {
    const { lines } = await quorate('lab', '--run', 'TestBasicAgree2B')
    expect(lines[0]).toMatch(/^seed \d+, virtual clock$/)
    expect(lines.at(-1)).toContain(lines[0]?.replace(', virtual clock', '') as string)
  })

  test.each([
    ['a part', '2A', ['TestInitialElection2A', 'TestReElection2A', 'TestManyElections2A']],
    ['the same part of a later course', '4A', ['TestInitialElection4A', 'TestReElection4A', 'TestManyElections4A']],
    ['a name', 'TestBasicAgree2B', ['TestBasicAgree2B']],
    ['words of a title', 'byte count|basic agree', ['TestBasicAgree2B', 'TestRPCBytes2B']],
  ])('chooses tests by %s', async (_by, pattern, names) => {
    const runs = await quorateJson('--run', pattern, '--seed', '1')
    expect(runs.slice(0, -1).map(({ test }) => test)).toEqual(names)
  })

  test('on the wall clock takes as long as it says', async () => {
    const [run] = await quorateJson('--run', 'TestBasicAgree2B', '--clock', 'wall')
    expect(run).toMatchObject({ clock: 'wall', passed: true, commits: 3 })
    expect(run?.['wallMs']).toBeGreaterThanOrEqual(Math.floor(Number(run?.['seconds']) * 1000))
  })

  test('as JSON gives an object a run, and a summary', async () => {
    const [run, summary] = await quorateJson('--run', 'TestBasicAgree2B', '--seed', '5')
    expect(run).toMatchObject({
      test: 'TestBasicAgree2B',
      title: 'Test (2B): basic agreement',
      part: '2B',
      seed: 5,
      clock: 'virtual',
      passed: true,
      seconds: expect.any(Number),
      peers: 3,
      rpcs: expect.any(Number),
      bytes: expect.any(Number),
      commits: 3,
      wallMs: expect.any(Number),
      traceHash: expect.stringMatching(/^[0-9a-f]{16}$/),
      error: null,
    })
    expect(summary).toEqual({ summary: true, passed: 1, failed: 0, wallMs: expect.any(Number) })
  })

  test('with the same seed goes the same way, here and in worker processes', async () => {
    const hashes = async (...args: string[]): Promise<unknown[]> => {
      const runs = await quorateJson('--run', 'TestBasicAgree2B', '--runs', '2', ...args)
      const inOrder = runs.slice(0, -1).toSorted((a, b) => Number(a['seed']) - Number(b['seed']))
      return inOrder.map(({ traceHash }) => traceHash)
    }
    const first = await hashes('--seed', '5')
    expect(new Set(first).size).toBe(2)
    expect(await hashes('--seed', '5')).toEqual(first)
    expect(await hashes('--seed', '5', '--jobs', '2')).toEqual(first)
    expect(await hashes('--seed', '6')).not.toEqual(first)
  })

  test('with many seeds ends in a table', async () => {
    const { lines } = await quorate('lab', '--run', 'TestBasicAgree2B', '--runs', '4', '--jobs', '2', '--seed', '1')
    expect(lines[1]).toMatch(/^test +runs +failed +seconds +RPCs +bytes +commits$/)
    expect(lines[2]).toMatch(/^TestBasicAgree2B +4 +0 +0\.\d ± 0\.\d +\d+ ± \d+ +\d+ ± \d+ +3 ± 0$/)
    expect(lines.at(-1)).toMatch(/^PASS: 4 passed/)
  })

  test('that is interrupted says what is done by then', async () => {
    const args = ['lab', '--json', '--run', 'TestBasicAgree2B', '--runs', '100000', '--jobs', '2']
    const { status, lines } = await interruptedQuorate(3, ...args)
    const { passed, failed } = JSON.parse(lines.at(-1) as string)
    expect({ status, passed, failed }).toEqual({ status: 130, passed: lines.length - 1, failed: 0 })
  })

  test('shows every step, one column a server', async () => {
    const { lines } = await quorate('lab', '--run', 'TestBasicAgree2B', '--seed', '4', '--log', 'LEAD,CMIT')
    const steps = lines.filter((line) => /^ +\d+\.\d (LEAD|CMIT) /.test(line))
    const columns = new Set(steps.map((line) => line.slice(15).search(/\S/)))
    expect([...columns].toSorted((a, b) => a - b)).toEqual([0, 48, 96])
    expect(steps.filter((line) => line.endsWith('applied 3: 300'))).toHaveLength(3)
  })
})

describe.concurrent('a mistake on the command line gets one line and status 2', () => {
  test.each([
    [['frobnicate'], 'there is no such command'],
    [['lab', '--frobnicate'], "Unknown option '--frobnicate'"],
    [['lab', '--run', 'TestNothing'], "no test matches 'TestNothing'"],
    [['lab', '--runs', '0'], '--runs 0: give a whole number from 1'],
    [['lab', '--raft', writeRaft('export const make =')], 'does not load: SyntaxError'],
    [['log', SKELETON], 'is no log of quorate lab'],
  ])('%j', async (args, words) => {
    const { status, stdout, stderr } = await quorate(...args)
    expect(stderr.trimEnd().split('\n')).toEqual([expect.stringContaining(words)])
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' })
  })

  test('and so does a command of the server where that is not installed', async () => {
    const { status, stderr } = await runCopy('put', 'a', 'b')
    expect(stderr).toBe('quorate put comes with the package @quorate/server: npm install @quorate/server\n')
    expect(status).toBe(2)
  })
})

test('help and version say what they should', async () => {
  const outcomes = await Promise.all([quorate(), quorate('--help'), quorate('lab', '--help'), quorate('--version')])
  const [bare, help, lab, version] = outcomes.map(({ stdout }) => stdout)
  expect(outcomes.every(({ status, stderr }) => status === 0 && stderr === '')).toBe(true)
  expect(bare).toBe(help)
  expect(help).toContain('quorate lab [options]')
  expect(lab).toContain('--run PATTERN')
  expect(version).toMatch(/^\d+\.\d+\.\d+\n$/)
})

describe.concurrent('a test that fails', () => {
  test('says what was expected, what may help, and how to see and repeat it', async () => {
    const folder = emptyFolder()
    cpSync(SKELETON, join(folder, 'my-raft.mjs'))
    const args = ['lab', '--raft', './my-raft.mjs', '--run', 'TestInitialElection2A', '--seed', '3']
    const { status, stdout } = await quorateIn(folder, ...args)
    expect(status).toBe(1)
    expect(stdout).toContain('--- FAIL: TestInitialElection2A')
    expect(stdout).toContain('    expected one leader, saw none')
    expect(stdout).toContain('hint:     no server made a single call')
    expect(stdout).toContain('guide:    docs/guide/lab.md, "Part 2A"')
    expect(stdout).toContain('log:      npx quorate log .quorate/lab/TestInitialElection2A-3.log --columns')
    const replay = /replay: +npx quorate (.+)/.exec(stdout)?.[1]?.split(' ') ?? []
    expect(replay).toEqual(['lab', '--run', 'TestInitialElection2A', '--seed', '3', '--raft', './my-raft.mjs'])
    expect((await quorateIn(folder, ...replay)).stdout).toContain('expected one leader, saw none')
  })

  test('leaves a log that can be read with filters', async () => {
    const folder = emptyFolder()
    const raft = idleRaft(
      "env.log('LEAD', 'S' + me); env.log('VOTE', 'no votes'); await peers[0].call('Raft.Hello', { me })",
    )
    await quorateIn(folder, 'lab', '--raft', raft, '--run', 'TestInitialElection2A', '--seed', '3')
    const read = async (...filter: string[]): Promise<readonly string[]> => {
      const { lines } = await quorateIn(folder, 'log', '.quorate/lab/TestInitialElection2A-3.log', ...filter)
      return lines.slice(2).map((line) => line.trim())
    }
    expect(await read('--only', 'LEAD')).toEqual(['0.0 LEAD S0 S0', '0.0 LEAD S1 S1', '0.0 LEAD S2 S2'])
    expect(await read('--only', 'vote,lead', '--server', '2')).toEqual(['0.0 LEAD S2 S2', '0.0 VOTE S2 no votes'])
    expect(await read('--grep', '→S0.*me 1')).toEqual(['0.0 TRCE S1 S1→S0 Hello me 1'])
    expect((await read('--from', '1000')).at(-1)).toMatch(/^\d+\.\d ERRO failed: expected one leader/)
    expect(await read('--except', 'TEST', '--to', '0', '--server', '1', '--columns')).toContainEqual(
      expect.stringMatching(/^0.0 LEAD +S1$/),
    )
  })

  test('keeps the others running, and the status says so', async () => {
    const raft = writeRaft(`
      import { make as ours } from 'OURS'
      export const make = (peers, me, persister, applyCh, env) =>
        ours(peers, me, persister, applyCh, peers.length === 7 ? { ...env, clock: null } : env)`)
    const { status, lines } = await quorate('lab', '--raft', raft, '--run', '2A', '--seed', '1')
    expect(status).toBe(1)
    expect(lines.at(-1)).toMatch(/^FAIL: 2 passed, 1 failed/)
    expect(lines.join('\n')).toMatch(/server 0 threw at 0\.0 ms: TypeError: .*\n {6}at /)
  })

  test('may even end its process, when it is a worker', async () => {
    const raft = idleRaft('await env.sleep(100); process.exit(3)')
    const { status, stdout } = await quorate('lab', '--raft', raft, '--run', 'TestInitial', '--jobs', '2')
    expect(status).toBe(1)
    expect(stdout).toContain('the process of this run ended with status 3')
    expect(stdout).toMatch(/FAIL: 0 passed, 1 failed/)
  })
})

describe.concurrent('under the virtual clock, time and chance of the host', () => {
  test.each([
    ['setTimeout(() => {}, 10)', 'setTimeout() does not go by the virtual clock and the seed: use await env.sleep(ms)'],
    ['Date.now()', 'Date.now() does not go by the virtual clock and the seed: use env.clock.now()'],
    ['new Date()', 'new Date() does not go'],
    ['try { Math.random() } catch {}', 'Math.random() does not go by the virtual clock and the seed: use env.random'],
    ["await (await import('node:timers/promises')).setTimeout(5)", 'timers/promises setTimeout() does not go'],
  ])('%s is refused', async (use, words) => {
    const { status, stdout } = await quorate('lab', '--raft', idleRaft(use), '--run', 'TestInitial')
    expect(status).toBe(1)
    expect(stdout).toContain(words)
  })

  test('may be used on the wall clock', async () => {
    const raft = writeRaft(
      "import { make as ours } from 'OURS'; export const make = (...a) => (Date.now(), ours(...a))",
    )
    const { status } = await quorate('lab', '--raft', raft, '--run', 'TestBasicAgree2B', '--clock', 'wall')
    expect(status).toBe(0)
  })
})

describe.concurrent('the race check', () => {
  test.each([
    [
      'arguments',
      'const args = [me]; const call = peers[0].call("Raft.Hello", { args }); args.push(1); await call',
      'changed the arguments',
    ],
    [
      'another instance',
      'shared[me] = raft; await env.sleep(5); if (me === 1) shared[0].getState()',
      'used getState() of server 0',
    ],
  ])('finds shared %s', async (_what, loop, words) => {
    const args = ['--raft', idleRaft(loop), '--run', 'TestInitial', '--seed', '2']
    expect((await quorate('lab', ...args)).stdout).not.toContain('race:')
    const { status, stdout } = await quorate('lab', ...args, '--race')
    expect(status).toBe(1)
    expect(stdout).toContain('race: server')
    expect(stdout).toContain(words)
    expect(stdout).toMatch(/guide: .*"Races"(.|\n)*replay: .* --race/)
  })

  test('finds nothing in our own Raft', async () => {
    const runs = await quorateJson('--run', 'Basic|Persist1|SnapshotInit|TestInitial', '--race', '--seed', '1')
    expect(runs.at(-1)).toMatchObject({ passed: 5, failed: 0 })
  })
})
