// Loads the Raft under test: our own, or a module of the user's that exports `make`.

import type { Make, OnStep } from '../lab/lab.ts'
import { checkInvariants, make } from '../lab/raft.ts'
import { loadModule } from './load-module.ts'
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
  const module = await loadModule('raft', file)
  const exported = module['make']
  if (typeof exported === 'function') return { make: exported as Make }
  const names = Object.keys(module).join(', ')
  throw new UsageError(`--raft ${file}: it exports ${names === '' ? 'nothing' : names}, but no function 'make'`)
}
