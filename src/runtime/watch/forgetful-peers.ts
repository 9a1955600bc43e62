/**
 * Followers that no longer have what they acknowledged. A disk that was exchanged, a folder restored from a backup or a
 * log cut by hand looks like this: the leader knows that b has its log up to 100, and b refuses what follows 100 because
 * its log ends with 50. The leader cannot take it back, because 100 may be committed by b's word; so b stays behind for
 * ever, and its votes are not to be trusted. Somebody has to replace it, and is told so here.
 *
 * A refusal that was merely late looks the same, once: what tells them apart is that no success comes in between, and
 * that they go on.
 */
import type { ServerId, Term } from '../../raft/entry.ts'
import type { AppendEntriesReply, Message } from '../../raft/message.ts'
import type { RaftEvent } from '../../raft/ready.ts'
import type { RaftState } from '../../raft/state.ts'

/** So many refusals, over so long a time, are no accident of the network: a probe goes out with every heartbeat. */
const SUSPICIOUS_REFUSALS = 10
const SUSPICIOUS_MS = 2000

interface Suspicion {
  readonly term: Term
  readonly since: number
  refusals: number
  told: boolean
}

/** What was found, in words for the operator. */
export type OnContradiction = (event: Extract<RaftEvent, { type: 'contradiction' }>) => void

export class ForgetfulPeers {
  private readonly onContradiction: OnContradiction
  private readonly suspicions = new Map<ServerId, Suspicion>()

  constructor(onContradiction: OnContradiction) {
    this.onContradiction = onContradiction
  }

  /** Every message that arrives, before the core has seen it. */
  heard(message: Message, state: Readonly<RaftState>, now: number): void {
    if (message.type !== 'AppendEntriesReply' || state.role !== 'leader') return
    const progress = state.progress.get(message.from)
    if (progress === undefined || progress.session !== message.session || message.term !== state.currentTerm) return
    const lacksWhatItHad = !message.success && message.prevLogIndex <= progress.matchIndex
    if (lacksWhatItHad) this.suspect(message, progress.matchIndex, now)
    else if (this.suspicions.size > 0) this.suspicions.delete(message.from)
  }

  private suspect({ from, term, index }: AppendEntriesReply, matchIndex: number, now: number): void {
    let suspicion = this.suspicions.get(from)
    if (suspicion === undefined || suspicion.term !== term) {
      suspicion = { term, since: now, refusals: 0, told: false }
      this.suspicions.set(from, suspicion)
    }
    suspicion.refusals++
    const isCertain = suspicion.refusals >= SUSPICIOUS_REFUSALS && now - suspicion.since >= SUSPICIOUS_MS
    if (suspicion.told || !isCertain) return
    suspicion.told = true
    const detail =
      `${from} has lost entries that it had acknowledged: up to ${matchIndex} they were on its disk, now it knows of ` +
      `none behind ${index}. Stop it and replace it by a server with a new id and an empty folder`
    this.onContradiction({ type: 'contradiction', from, index: matchIndex, detail })
  }
}
