// Which tests a pattern names.

import { LAB_TESTS, type LabTest, selectTests } from '../lab/index.ts'
import { UsageError } from './usage.ts'

/**
 * The test of this very name, or all whose name or title the pattern matches, in the lab's order.
 *
 * @throws UsageError when there are none
 */
export function chooseTests(pattern: string): readonly LabTest[] {
  const tests = selectTests(readPattern('run', pattern).source)
  if (tests.length > 0) return tests
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
