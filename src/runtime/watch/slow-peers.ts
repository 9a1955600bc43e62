/**
 * Which followers do not keep up, as the leader sees it. The measure is time, not entries: a thousand entries are
 * nothing at 100,000 a second and much at ten. Every now and then what is committed is marked; a follower that has the
 * mark on its disk within `slowPeerMs` is well. One that was slow has to be four times as quick to count as well again,
 * so that a follower at the limit is not reported over and over.
 */
import type { Index, ServerId } from '../../raft/entry.ts'
import type { Progress } from '../../raft/progress.ts'
import type { RaftState } from '../../raft/state.ts'
import type { SlowPeerEvent } from '../events.ts'

const RECOVERY_FACTOR = 4

interface Mark {
  /** What was committed `at` that time; a new mark is set when the follower has it. */
  index: Index
  at: number
  slow: boolean
}

export class SlowPeers {
  private readonly slowPeerMs: number
  private readonly report: (event: SlowPeerEvent) => void
  private readonly marks = new Map<ServerId, Mark>()

  constructor(slowPeerMs: number, report: (event: SlowPeerEvent) => void) {
    this.slowPeerMs = slowPeerMs
    this.report = report
  }

  isSlow(peer: ServerId): boolean {
    return this.marks.get(peer)?.slow ?? false
  }

  /** To be called a few times within `slowPeerMs`. */
  look(state: Readonly<RaftState>, now: number): void {
    for (const id of [...this.marks.keys()]) if (!state.progress.has(id)) this.marks.delete(id)
    for (const progress of state.progress.values()) this.lookAt(progress, state, now)
  }

  private lookAt(progress: Progress, state: Readonly<RaftState>, now: number): void {
    const { commitIndex } = state
    const mark = this.marks.get(progress.id)
    if (mark === undefined) {
      this.marks.set(progress.id, { index: commitIndex, at: now, slow: false })
      return
    }
    const lagMs = now - mark.at
    const isBehind = progress.matchIndex < mark.index
    if (isBehind && !mark.slow && lagMs >= this.slowPeerMs) {
      mark.slow = true
      this.report(describe(progress, state, true, lagMs, now))
    }
    if (isBehind) return
    if (mark.slow && lagMs <= this.slowPeerMs / RECOVERY_FACTOR) {
      mark.slow = false
      this.report(describe(progress, state, false, lagMs, now))
    }
    mark.index = commitIndex
    mark.at = now
  }
}

function describe(
  { id: peer, matchIndex, lastHeardAt }: Progress,
  { log }: Readonly<RaftState>,
  slow: boolean,
  lagMs: number,
  now: number,
): SlowPeerEvent {
  return { peer, slow, matchIndex, behindEntries: log.lastIndex - matchIndex, lagMs, silentMs: now - lastHeardAt }
}
