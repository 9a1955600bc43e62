/** What unit tests start from: a log on a disk, in the notation of `logs.ts`. */
import { type Configuration, votersOnly } from '../configuration.ts'
import type { Index, ServerId, Term } from '../entry.ts'
import type { BootState } from '../ready.ts'
import { TestDisk } from './disk.ts'
import { entriesOf } from './logs.ts'

/** A configuration of these voters, each listening at its own name. */
export function voters(...ids: readonly ServerId[]): Configuration {
  return votersOnly(Object.fromEntries(ids.map((id) => [id, id])))
}

/** The boot state of a server whose disk holds this log behind `base`. */
export function bootOf(terms: string, base: { index: Index; term: Term } = { index: 0, term: 0 }): BootState {
  const entries = entriesOf(terms, base.index + 1)
  const disk = new TestDisk({ ...base, configuration: voters('s1', 's2', 's3') }, entries)
  disk.hardState = { term: entries.at(-1)?.term ?? base.term, votedFor: null }
  return disk.boot()
}
