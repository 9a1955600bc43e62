// A user's own workload: a module that exports `workload`, a function from a plan to a Workload.

import { loadModule } from '../load-module.ts'
import { UsageError } from '../usage.ts'
import type { MakeWorkload } from './perform.ts'

/** @throws UsageError */
export async function loadWorkload(file: string | null): Promise<MakeWorkload> {
  if (file === null) return null
  const { workload } = (await loadModule('workload', file)) as { readonly workload?: unknown }
  if (typeof workload === 'function') return workload as MakeWorkload
  throw new UsageError(`--workload ${file}: it must export a function 'workload', from a plan to a Workload`)
}
