/** Handing committed entries to the state machine: in order, each once, one bounded batch at a time (Paper §5.3). */
import type { Entry, Index } from './entry.ts'
import type { RaftState } from './state.ts'

/** The next batch to apply; empty while one is under way, or when there is nothing. May ask for a fetch instead. */
export function takeApplyBatch(state: RaftState): readonly Entry[] {
  const from = state.applyingTo + 1
  const to = applicableIndex(state)
  if (state.restoring || state.applyingTo > state.lastApplied || from > to) return []
  const entries = collect(state, from, to)
  if (entries.length > 0) state.applyingTo = (entries[entries.length - 1] as Entry).index
  return entries
}

function collect(state: RaftState, from: Index, to: Index): readonly Entry[] {
  const { log, options } = state
  if (log.isInMemory(from)) return log.slice(from, to, options.maxApplyBytes)
  const fetched = state.fetchedToApply
  state.fetchedToApply = []
  if (fetched[0]?.index === from) return fetched.filter((entry) => entry.index <= to)
  if (state.applyFetchId === 0) {
    state.applyFetchId = state.nextFetchId++
    state.outbox.fetches.push({ id: state.applyFetchId, from, to, maxBytes: options.maxApplyBytes })
  }
  return []
}

/**
 * A state machine that keeps its own applied index on disk must never be ahead of the log there: a crash could take
 * back what it has applied. One in memory starts from the log anyway, so it may be ahead.
 */
function applicableIndex(state: RaftState): Index {
  return state.options.applyBeforeDurable ? state.commitIndex : Math.min(state.commitIndex, state.log.durableIndex)
}

/** True when a turn would hand out something. */
export function canApply(state: RaftState): boolean {
  return (
    !state.restoring &&
    state.applyFetchId === 0 &&
    state.applyingTo === state.lastApplied &&
    state.applyingTo < applicableIndex(state)
  )
}

export function handleFetchedToApply(state: RaftState, entries: readonly Entry[]): void {
  state.applyFetchId = 0
  state.fetchedToApply = entries
}

/** The state machine has applied everything up to `index`; memory that only it needed can go. */
export function handleApplied(state: RaftState, index: Index): void {
  if (index <= state.lastApplied || index > state.applyingTo || state.restoring) return
  state.lastApplied = index
  state.log.evict(state.options.maxTailBytes, Math.min(index, state.log.durableIndex))
}
