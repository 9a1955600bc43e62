// What the programs of this folder make of how they are called: wrong use is one clear line and exit status 2.

/** The program was called wrongly; the message says what would be right. */
export class UsageError extends Error {}

/** @throws UsageError when the option is no whole number from 1 */
export function wholeNumber(name, text) {
  const value = Number(text)
  if (!Number.isSafeInteger(value) || value < 1) throw new UsageError(`--${name} wants a number from 1, not ${text}`)
  return value
}

/** Runs `main`; what is not about how it was called goes on to whoever called this. */
export async function runProgram(name, main) {
  try {
    await main()
  } catch (error) {
    if (!(error instanceof UsageError) && error?.code?.startsWith('ERR_PARSE_ARGS') !== true) throw error
    console.error(`${name}: ${error.message}`)
    process.exitCode = 2
  }
}
