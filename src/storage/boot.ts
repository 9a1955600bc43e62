/** Fits a log and a snapshot together into what a server starts from, or says why they do not fit. */
import type { Configuration } from '../raft/configuration.ts'
import type { BootState, SnapshotMeta } from '../raft/ready.ts'
import { DamageError } from './errors.ts'
import type { OpenedLog } from './log-store.ts'

export interface Boot {
  readonly state: BootState
  /**
   * The log must give way to the snapshot, durably, before the server starts: a crash came between the arrival of a
   * leader's snapshot and the log's own record of it. Null when they fit.
   */
  readonly resetTo: SnapshotMeta | null
}

/**
 * @param initial the cluster's first configuration, for a server that has no snapshot yet
 * @throws DamageError when the log begins behind the snapshot: what lies between is lost
 */
export function fitTogether(log: OpenedLog, newest: SnapshotMeta | null, initial: Configuration, folder: string): Boot {
  const snapshot = newest ?? { index: 0, term: 0, configuration: initial }
  if (snapshot.index < log.base.index) {
    const what = `the log begins behind entry ${log.base.index}, the newest intact snapshot ends with ${snapshot.index}`
    throw new DamageError(folder, 0, what)
  }
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
