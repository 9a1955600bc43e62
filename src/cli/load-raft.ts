// Loads the Raft under test: our own, or a module of the user's that exports `make`.

import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Make, OnStep } from '../lab/lab.ts'
import { checkInvariants, make } from '../lab/raft.ts'
import { UsageError } from './usage.ts'

/** What a run needs of the Raft that it tests. */
export interface RaftUnderTest {
  readonly make: Make
  /** Looks into the core after each of its steps; only our own core can be looked into. */
  readonly watchSteps?: () => OnStep
}

/** @throws UsageError when there is no such module, it does not load, or it has no `make` */
export async function loadRaft(file: string | null): Promise<RaftUnderTest> {
  if (file === null) return { make, watchSteps: checkInvariants }
  const path = resolve(file)
  if (!existsSync(path)) throw new UsageError(`--raft ${file}: there is no such file`)
  if (/\.[cm]?tsx?$/.test(path) && !runsTypeScript()) {
    throw new UsageError(
      `--raft ${file}: Node ${process.version} does not run TypeScript; compile it first, or use Node 22.18 or later`,
    )
  }
  const module = await importModule(file, path)
  const exported = module['make']
  if (typeof exported === 'function') return { make: exported as Make }
  const names = Object.keys(module).join(', ')
  throw new UsageError(`--raft ${file}: it exports ${names === '' ? 'nothing' : names}, but no function 'make'`)
}

async function importModule(file: string, path: string): Promise<Record<string, unknown>> {
  try {
    return (await import(pathToFileURL(path).href)) as Record<string, unknown>
  } catch (error) {
    const [what] = (error instanceof Error ? `${error.name}: ${error.message}` : String(error)).split('\n')
    throw new UsageError(`--raft ${file} does not load: ${what}`)
  }
}

/** Newer than the types of the oldest Node that we run on. */
function runsTypeScript(): boolean {
  const { typescript } = process.features as { typescript?: unknown }
  return typeof typescript === 'string'
}
