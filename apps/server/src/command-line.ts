/** Flags, as every command of this package reads them: what is not known is refused, by name. */
import { parseArgs } from 'node:util'
import { UsageError } from './errors.ts'

export interface FlagSpec {
  readonly type: 'string' | 'boolean'
  readonly short?: string
}

export interface CommandLine {
  readonly text: (flag: string) => string | undefined
  readonly has: (flag: string) => boolean
  readonly words: readonly string[]
}

/** @throws UsageError for flags that do not exist, come without their value, or for too many or too few words */
export function readCommandLine(
  args: readonly string[],
  flags: Readonly<Record<string, FlagSpec>>,
  words: readonly string[],
): CommandLine {
  const { values, positionals } = parse(args, flags)
  if (positionals.length > words.length) throw new UsageError(`unexpected '${positionals[words.length]}'`)
  if (positionals.length < words.length && values['help'] !== true) {
    throw new UsageError(`${words[positionals.length]} is missing`)
  }
  return {
    text: (flag) => (typeof values[flag] === 'string' ? values[flag] : undefined),
    has: (flag) => values[flag] === true,
    words: positionals,
  }
}

function parse(args: readonly string[], options: Readonly<Record<string, FlagSpec>>) {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true, strict: true })
  } catch (error) {
    // Node's messages go on with advice about positional arguments, behind the first sentence.
    throw new UsageError((error as Error).message.split('. ')[0] ?? 'the flags cannot be read')
  }
}

/** @throws UsageError when the text is not a whole number within the bounds */
export function readNumber(name: string, text: string, min: number, max: number = Number.MAX_SAFE_INTEGER): number {
  const value = Number(text)
  if (text.trim() !== '' && Number.isInteger(value) && value >= min && value <= max) return value
  throw new UsageError(
    `${name} is '${text}', not a whole number from ${min} on${max < 2 ** 53 - 1 ? ` to ${max}` : ''}`,
  )
}
