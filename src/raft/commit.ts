/**
 * The commit rule (Paper §5.3, §5.4.2, Figure 8): when an entry is committed, and when followers are told so.
 */
import { assert } from '../util/assert.ts'
import type { Index } from './entry.ts'
import { quorumIndex } from './quorum.ts'
import type { RaftState } from './state.ts'

/** Paper Figure 2, "Leaders", last rule. The leader counts itself only as far as its own disk has come. */
export function advanceCommitIndex(state: RaftState): void {
  const index = quorumIndex(state.configuration, (id) =>
    id === state.id ? state.log.durableIndex : (state.progress.get(id)?.matchIndex ?? 0),
  )
  if (index <= state.commitIndex) return
  // Only entries of our own term are committed by counting; older ones with them (Paper §5.4.2, Figure 8).
  if (state.log.termAt(index) !== state.currentTerm) return
  for (let i = Math.max(state.commitIndex + 1, state.termStartIndex); i <= index; i++) {
    state.uncommittedBytes -= state.log.entryAt(i)?.size ?? 0
  }
  commitTo(state, index)
  announceCommit(state)
}

/** Never falls. Configurations that it passes are there to stay. */
export function commitTo(state: RaftState, index: Index): void {
  if (index <= state.commitIndex) return
  assert(index <= state.log.lastIndex, `${state.id}: commit ${index} behind the log's end ${state.log.lastIndex}`)
  const before = state.commitIndex
  state.commitIndex = index
  for (const one of state.configurations.between(before, index))
    state.outbox.events.push({ type: 'configurationCommitted', index: one.index, configuration: one.configuration })
}

/**
 * True once a commit has waited `commitPushDelayMs` for an append that would have carried the news. It alone makes a
 * turn worth taking, so `hasReady` asks, too.
 */
export function isCommitPushDue(state: RaftState): boolean {
  return state.commitPushAt !== null && state.now >= state.commitPushAt
}

/** There is news for the followers: told by the next append, or by an empty one when none goes out in time. */
export function announceCommit(state: RaftState): void {
  state.commitPushAt ??= state.now + state.options.commitPushDelayMs
}
