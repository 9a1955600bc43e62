/** Fits a log and a snapshot together into what a server starts from, or says why they do not fit. */
import type { Configuration } from '../raft/configuration.ts'
import type { Index } from '../raft/entry.ts'
import type { BootState, SnapshotMeta } from '../raft/ready.ts'
import { DamageError } from './errors.ts'
import type { OpenedLog } from './log-store.ts'
import type { OpenedSnapshots } from './snapshot-store.ts'

export interface Boot {
  readonly state: BootState
  /**
   * The log must give way to the snapshot, durably, before the server starts: a crash came between the arrival of a
   * leader's snapshot and the log's own record of it. Null when they fit.
   */
  readonly resetTo: SnapshotMeta | null
}

/**
 * A log that was compacted must have a snapshot of what is gone.
 *
 * @param base the last entry that the log has let go of
 * @param damaged what was passed over to get to `newest`
 * @throws DamageError when the log begins behind the snapshot: what lies between is lost
 */
export function requireReach(
  base: Index,
  newest: SnapshotMeta | null,
  damaged: OpenedSnapshots['damaged'],
  folder: string,
): void {
  const reach = newest?.index ?? 0
  if (reach >= base) return
  const gap = `the log begins behind entry ${base}, the newest intact snapshot ends with ${reach}`
  const [first] = damaged
  throw first === undefined
    ? new DamageError(folder, 0, gap)
    : new DamageError(first.file, 0, `${first.reason}; ${gap}`)
}

/**
 * For a log that reaches back to the snapshot.
 *
 * @param initial the cluster's first configuration, for a server that has no snapshot yet
 */
export function fitTogether(log: OpenedLog, newest: SnapshotMeta | null, initial: Configuration): Boot {
  const snapshot = newest ?? { index: 0, term: 0, configuration: initial }
  if (termAt(log, snapshot.index) === snapshot.term) {
    const { hardState, base, lastIndex, terms, tail } = log
    const configurations = log.configurations.filter(({ index }) => index > snapshot.index)
    return { state: { hardState, snapshot, base, lastIndex, terms, configurations, tail }, resetTo: null }
  }
  // A committed entry that the log does not have: whatever it has from there on never will be (Paper Figure 13, step 7).
  const { index, term } = snapshot
  const { hardState } = log
  const state = {
    hardState,
    snapshot,
    base: { index, term },
    lastIndex: index,
    terms: [],
    configurations: [],
    tail: [],
  }
  return { state, resetTo: snapshot }
}

function termAt({ base, lastIndex, terms }: OpenedLog, index: number): number | null {
  if (index < base.index || index > lastIndex) return null
  return terms.findLast((run) => run.index <= index)?.term ?? base.term
}
