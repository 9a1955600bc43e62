// How a test fails: with what was expected and what was seen, or with what the code under test threw.

/** The test failed. The message says what was expected and what was seen. */
export class LabFailure extends Error {
  override readonly name = 'LabFailure'
  readonly code = 'ERR_QUORATE_LAB_FAILED'
}

/** @throws LabFailure always */
export function fail(expected: string, seen: string): never {
  throw new LabFailure(`expected ${expected}, saw ${seen}`)
}

/** An error of the code under test, with the server and the time at which it came out; the original is the cause. */
export function blame(error: unknown, server: number, timeMs: number): LabFailure {
  if (error instanceof LabFailure) return error
  const what = error instanceof Error ? `${error.name}: ${error.message}` : String(error)
  return new LabFailure(`server ${server} threw at ${timeMs.toFixed(1)} ms: ${what}`, { cause: error })
}
