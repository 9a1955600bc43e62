// All tests of the lab, how to choose among them, and how to run several in a row under the limit of the whole.

import { LabFailure } from './failure.ts'
import type { LabNumber, LabResult, LabTest, Part } from './lab-test.ts'
import { type RunOptions, runTest } from './run.ts'
import { TESTS_2A } from './tests-2a.ts'
import { TESTS_2B } from './tests-2b.ts'
import { TESTS_2C } from './tests-2c.ts'
import { TESTS_2D } from './tests-2d.ts'

/** The tests of a whole lab together, on their own clock. */
export const SUITE_LIMIT_MS = 600_000

const LABS: readonly LabNumber[] = [2, 3, 4]

/** The 25 tests of 2022 and the three that came in 2023, in the lab's order. */
export const LAB_TESTS: readonly LabTest[] = [...TESTS_2A, ...TESTS_2B, ...TESTS_2C, ...TESTS_2D]

/** A test as a course knows it that counts Raft as another lab: TestInitialElection4A, Test (4A): initial election. */
export function renumber(test: LabTest, lab: LabNumber): LabTest {
  const part = `${lab}${test.part.slice(1)}` as Part
  const name = test.name.slice(0, -test.part.length) + part
  return { ...test, name, title: test.title.replace(`(${test.part})`, `(${part})`), part }
}

/**
 * The test of this very name, or all whose name or title matches, in the lab's order: '2B', 'TestFigure82C',
 * 'Snapshot|Persist'. The course's own numbering comes first; asked for '4A', names and titles follow. Empty when nothing
 * matches.
 *
 * @param pattern a regular expression, looked for anywhere in name and title
 * @param course the year of the course: what came in later is left out
 * @throws LabFailure when the pattern is no regular expression
 */
export function selectTests(pattern = '', course: 2022 | 2023 = 2023): readonly LabTest[] {
  const expression = compile(pattern)
  const offered = LAB_TESTS.filter((test) => test.since <= course)
  for (const lab of LABS) {
    const tests = offered.map((test) => renumber(test, lab))
    const named = tests.filter((test) => test.name === pattern)
    if (named.length > 0) return named
    const matching = tests.filter((test) => expression.test(test.name) || expression.test(test.title))
    if (matching.length > 0) return matching
  }
  return []
}

function compile(pattern: string): RegExp {
  try {
    return new RegExp(pattern)
  } catch (error) {
    throw new LabFailure(`'${pattern}' is no regular expression: give a part such as 2B, or a test's name`, {
      cause: error,
    })
  }
}

/** Is told how a suite goes along. */
export interface SuiteListener {
  readonly onStart?: (test: LabTest) => void
  readonly onResult?: (result: LabResult) => void
}

/** Runs tests one after the other, each with the same seed. When the limit of the whole is passed, the last one fails. */
export async function runSuite(
  tests: readonly LabTest[],
  options: RunOptions,
  listener: SuiteListener = {},
): Promise<LabResult[]> {
  const results: LabResult[] = []
  let seconds = 0
  for (const test of tests) {
    listener.onStart?.(test)
    const result = await runTest(test, options)
    seconds += result.seconds
    results.push(seconds * 1000 > SUITE_LIMIT_MS ? overLimit(result, seconds) : result)
    listener.onResult?.(results.at(-1) as LabResult)
  }
  return results
}

function overLimit(result: LabResult, seconds: number): LabResult {
  if (!result.passed) return result
  const message = `expected all tests within ${SUITE_LIMIT_MS / 1000} s, saw ${seconds.toFixed(1)} s`
  return { ...result, passed: false, error: new LabFailure(message) }
}
