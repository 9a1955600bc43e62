import { describe, expect, test } from 'vitest'
import { LabFailure } from '../lab/index.ts'
import { InvariantViolation } from '../raft/invariants.ts'
import { failureLines } from './failure-lines.ts'
import { replayCommand } from './replay.ts'
import { failureOf, type RunReport } from './run-report.ts'
import { spreadOf } from './statistics.ts'
import { SuiteLimit } from './suite-limit.ts'
import { table } from './table.ts'

const OURS = { clock: 'virtual', race: false, raft: null } as const

function report(more: Partial<RunReport> = {}): RunReport {
  return {
    test: 'TestBasicAgree2B',
    title: 'Test (2B): basic agreement',
    part: '2B',
    seed: 1,
    clock: 'virtual',
    race: false,
    passed: true,
    seconds: 0.5,
    peers: 3,
    rpcs: 16,
    bytes: 2480,
    commits: 3,
    wallMs: 10,
    cpuMs: 10,
    traceHash: '',
    warnings: [],
    failure: null,
    logFile: null,
    ...more,
  }
}

describe('a failure', () => {
  test('names the invariant that was broken', () => {
    const cause = new InvariantViolation('Election Safety', 'two leaders in term 3')
    const failure = failureOf(new LabFailure('server 1 threw', { cause }))
    const lines = failureLines(report({ passed: false, failure }), OURS)
    expect(lines).toContain('    property: Election Safety')
    expect(lines.filter((line) => line.startsWith('      at '))).toHaveLength(3)
  })

  test('of our own Raft needs no hints', () => {
    const failed = report({ passed: false, rpcs: 0, failure: failureOf(new LabFailure('expected a, saw b')) })
    expect(failureLines(failed, OURS).join()).not.toMatch(/hint|guide/)
    expect(failureLines(failed, { ...OURS, raft: './r.js' }).join()).toMatch(/hint: .*guide: .*Part 2B/)
  })
})

describe('the command that runs it again', () => {
  test.each([
    [OURS, 'npx quorate lab --run T --seed 7'],
    [{ ...OURS, clock: 'wall', race: true } as const, 'npx quorate lab --run T --seed 7 --clock wall --race'],
    [{ ...OURS, raft: './my-raft.js' }, 'npx quorate lab --run T --seed 7 --raft ./my-raft.js'],
    [{ ...OURS, raft: "it's mine.js" }, "npx quorate lab --run T --seed 7 --raft 'it'\\''s mine.js'"],
  ])('%o', (setting, command) => {
    expect(replayCommand('T', 7, setting)).toBe(command)
  })
})

describe('the limit of all tests together', () => {
  test('fails the run that passes it', () => {
    const limit = new SuiteLimit()
    const admit = (seconds: number, seed = 1): RunReport => limit.admit(report({ seconds, seed }))
    expect([admit(300), admit(300), admit(500, 2)].every(({ passed }) => passed)).toBe(true)
    expect(admit(0.5).failure?.message).toBe('expected all tests within 600 s, saw 600.5 s')
  })
})

describe('the table', () => {
  test('has a row for each test, with the figures of the runs that passed', () => {
    const failed = report({ passed: false, seconds: 99 })
    expect(
      table([report(), report({ rpcs: 18, seconds: 0.7 }), failed, report({ test: 'TestB', passed: false })]),
    ).toEqual([
      'test              runs  failed    seconds    RPCs     bytes  commits',
      'TestBasicAgree2B     3       1  0.6 ± 0.1  17 ± 1  2480 ± 0    3 ± 0',
      'TestB                1       1          –       –         –        –',
    ])
  })

  test.each([
    [[], 0, 0],
    [[5], 5, 0],
    [[2, 4, 4, 4, 5, 5, 7, 9], 5, 2.138],
  ])('counts the mean and the deviation of %j', (numbers, mean, deviation) => {
    expect(spreadOf(numbers).mean).toBeCloseTo(mean, 3)
    expect(spreadOf(numbers).deviation).toBeCloseTo(deviation, 3)
  })
})
