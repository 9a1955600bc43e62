// Which tests a pattern names.

import { LAB_TESTS, renumber } from '../lab/index.ts'
import type { LabNumber, LabTest } from '../lab/lab-test.ts'
import { UsageError } from './usage.ts'

/** The course's own numbering first: '3A' is looked for in the names of lab 2, where it is not, and then in lab 3's. */
const NUMBERINGS: readonly LabNumber[] = [2, 3, 4]

/**
 * The test of this very name, or all whose name or title the pattern matches, in the lab's order.
 *
 * @throws UsageError when there are none
 */
export function chooseTests(pattern: string): readonly LabTest[] {
  const expression = readPattern('run', pattern)
  for (const lab of NUMBERINGS) {
    const tests = LAB_TESTS.map((test) => renumber(test, lab))
    const named = tests.filter((test) => test.name === pattern)
    if (named.length > 0) return named
    const matching = tests.filter((test) => expression.test(test.name) || expression.test(test.title))
    if (matching.length > 0) return matching
  }
  throw new UsageError(`no test matches '${pattern}': give a part such as 2A or a name such as ${LAB_TESTS[0]?.name}`)
}

/** @throws UsageError unless it is a regular expression */
export function readPattern(option: string, pattern: string): RegExp {
  try {
    return new RegExp(pattern)
  } catch {
    throw new UsageError(`--${option} '${pattern}' is no regular expression`)
  }
}
