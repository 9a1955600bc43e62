// Reads options with node:util's parseArgs, and turns its complaints into one line of ours.

import { type ParseArgsConfig, parseArgs } from 'node:util'
import { UsageError } from './usage.ts'

export type OptionTypes = Readonly<Record<string, 'string' | 'boolean'>>

/** What was given: texts, flags, and the words that belong to no option. */
export interface GivenOptions {
  text(option: string): string | undefined
  flag(option: string): boolean
  readonly words: readonly string[]
}

/** @throws UsageError on an unknown option, or one without its value */
export function readOptions(command: string, args: readonly string[], types: OptionTypes): GivenOptions {
  const options: NonNullable<ParseArgsConfig['options']> = {}
  for (const [name, type] of Object.entries(types)) options[name] = { type }
  try {
    const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true })
    return {
      text: (option) => values[option] as string | undefined,
      flag: (option) => values[option] === true,
      words: positionals,
    }
  } catch (error) {
    const [complaint] = (error as Error).message.split(/[.\n]/)
    throw new UsageError(`quorate ${command}: ${complaint}; quorate ${command} --help lists the options`)
  }
}
