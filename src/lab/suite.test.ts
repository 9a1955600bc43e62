import { describe, expect, test } from 'vitest'
import type { LabResult } from './lab-test.ts'
import { formatFailed, formatPassed, formatStart } from './report.ts'
import { LAB_TESTS, renumber, runSuite, selectTests } from './suite.ts'

const names = (pattern: string, course?: 2022 | 2023): string[] => selectTests(pattern, course).map(({ name }) => name)

describe('the tests', () => {
  test('are the 25 of 2022 and the three of 2023, each with a name of its own', () => {
    expect(LAB_TESTS.filter(({ since }) => since === 2022)).toHaveLength(25)
    expect(new Set(LAB_TESTS.map(({ name }) => name)).size).toBe(28)
    expect(LAB_TESTS.filter(({ since }) => since === 2023).map(({ name }) => name)).toEqual([
      'TestFollowerFailure2B',
      'TestLeaderFailure2B',
      'TestSnapshotInit2D',
    ])
  })

  test('are three of election, ten of the log, eight of persistence and seven of compaction', () => {
    expect(['2A', '2B', '2C', '2D'].map((part) => names(part).length)).toEqual([3, 10, 8, 7])
  })

  test('are chosen by name, by a pattern, and by the year of the course', () => {
    expect(names('TestFigure82C')).toEqual(['TestFigure82C'])
    expect(names('Churn|Count')).toEqual(['TestCount2B', 'TestReliableChurn2C', 'TestUnreliableChurn2C'])
    expect(names('', 2022)).toHaveLength(25)
    expect(names('Nothing')).toEqual([])
    expect(() => selectTests('(')).toThrow('no regular expression')
  })

  test('take the names of the course that asks for them', () => {
    expect(names('4A')).toEqual(['TestInitialElection4A', 'TestReElection4A', 'TestManyElections4A'])
    expect(selectTests('^TestPersist33C$').map(({ title, part }) => [title, part])).toEqual([
      ['Test (3C): partitioned leader and one follower crash, leader restarts', '3C'],
    ])
    for (const labTest of LAB_TESTS) expect(renumber(renumber(labTest, 4), 2)).toEqual(labTest)
  })

  test('are run one after the other, and fail together when they take over 600 s', async () => {
    const make = (): never => undefined as never
    const heard: string[] = []
    const results = await runSuite(
      LAB_TESTS.slice(0, 6).map((labTest) => ({ ...labTest, servers: 0, run: (config) => config.sleep(110_000) })),
      { make, seed: 1, clock: { kind: 'virtual', hop: setImmediate } },
      { onStart: ({ name }) => heard.push(name), onResult: ({ test: name }) => heard.push(name) },
    )
    expect(heard).toHaveLength(12)
    expect(results.map(({ passed }) => passed)).toEqual([true, true, true, true, true, false])
    expect(results.at(-1)?.error?.message).toContain('expected all tests within 600 s, saw 660.0 s')
  })
})

describe('the lines of a run', () => {
  const result: LabResult = {
    test: 'TestInitialElection2A',
    title: 'Test (2A): initial election',
    part: '2A',
    seed: 1,
    clock: 'virtual',
    shuffled: false,
    passed: true,
    seconds: 3.5,
    peers: 3,
    rpcs: 58,
    bytes: 16840,
    commits: 0,
    wallMs: 12,
    traceHash: '0123456789abcdef',
    labgobProblems: 0,
  }

  test('are the lab’s to the column', () => {
    const [initialElection] = LAB_TESTS
    if (initialElection === undefined) throw new Error('no tests')
    expect(formatStart(initialElection)).toBe('Test (2A): initial election ...')
    expect(formatPassed(result)).toBe('  ... Passed --   3.5  3   58   16840    0')
    const busy = { ...result, seconds: 33.62, peers: 5, rpcs: 10_700, bytes: 33_695_245, commits: 308 }
    expect(formatPassed(busy)).toBe('  ... Passed --  33.6  5 10700 33695245  308')
  })

  test('of a failure say what was expected and seen', () => {
    const failed = { ...result, passed: false, error: new Error('expected one leader, saw none') }
    expect(formatFailed(failed)).toBe('--- FAIL: TestInitialElection2A (3.50s)\n    expected one leader, saw none')
  })
})
