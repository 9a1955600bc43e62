// Loads a module of the user's that an option names: a Raft under test, a model of a state machine.

import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { UsageError } from './usage.ts'

/**
 * What the module exports.
 *
 * @param option whose value the file is, for what the error says
 * @throws UsageError when there is no such module, or it does not load
 */
export async function loadModule(option: string, file: string): Promise<Record<string, unknown>> {
  const path = resolve(file)
  if (!existsSync(path)) throw new UsageError(`--${option} ${file}: there is no such file`)
  if (/\.[cm]?tsx?$/.test(path) && !runsTypeScript()) {
    throw new UsageError(
      `--${option} ${file}: Node ${process.version} does not run TypeScript; compile it first, or use Node 22.18 or later`,
    )
  }
  try {
    return (await import(pathToFileURL(path).href)) as Record<string, unknown>
  } catch (error) {
    const [what] = (error instanceof Error ? `${error.name}: ${error.message}` : String(error)).split('\n')
    throw new UsageError(`--${option} ${file} does not load: ${what}`)
  }
}

/** Newer than the types of the oldest Node that we run on. */
function runsTypeScript(): boolean {
  const { typescript } = process.features as { typescript?: unknown }
  return typeof typescript === 'string'
}
