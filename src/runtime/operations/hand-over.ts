/**
 * A leader that wants to be rid of its office, because it is being stopped or because its disk stands still, hands it to
 * the voter that is furthest (Thesis §3.10). The next leader is there after a round trip, rather than after an election
 * time-out; if one does not take it, the next one is asked.
 */
import type { ServerId } from '../../raft/entry.ts'
import type { Progress } from '../../raft/progress.ts'
import type { RaftState } from '../../raft/state.ts'
import type { Clock } from '../../util/clock.ts'
import type { WatchedTransport } from '../watch/watched-transport.ts'
import type { Transfers } from './transfers.ts'

/** What came of it: somebody else may lead, nobody could be asked, or who was asked did not take over. */
export type HandOverOutcome = 'done' | 'nobody' | 'failed'

export class HandOver {
  private readonly state: () => Readonly<RaftState>
  private readonly transfers: Transfers
  private readonly transport: WatchedTransport
  private readonly clock: Clock

  constructor(state: () => Readonly<RaftState>, transfers: Transfers, transport: WatchedTransport, clock: Clock) {
    this.state = state
    this.transfers = transfers
    this.transport = transport
    this.clock = clock
  }

  /** Does nothing where there is nothing to hand over. @param limitMs after which nobody else is asked */
  async run(limitMs: number): Promise<HandOverOutcome> {
    const endAt = this.clock.now() + limitMs
    const asked = new Set<ServerId>()
    while (this.leads() && this.clock.now() < endAt) {
      const current = this.state().transfer?.to ?? null
      if (current !== null) asked.add(current)
      const isUnderWay = current !== null && this.transport.isConnected(current)
      const to = isUnderWay ? current : this.successor(asked)
      if (to === null) return asked.size === 0 ? 'nobody' : 'failed'
      asked.add(to)
      // The core begins no second transfer while one is under way, even if its target is gone: that one has a deadline.
      await this.untilLossOr(current === null ? this.transfers.begin(to) : this.transfers.join(current))
    }
    return this.leads() ? 'failed' : 'done'
  }

  private leads(): boolean {
    return this.state().role === 'leader'
  }

  /** The furthest of the voters that were heard lately and not asked yet; null when there is none. */
  private successor(asked: ReadonlySet<ServerId>): ServerId | null {
    const { progress, configuration, options, resting } = this.state()
    // Nobody speaks to a leader at rest: there the connections say who is there.
    const heardSince = resting ? Number.NEGATIVE_INFINITY : this.clock.now() - options.electionTimeoutMinMs
    let best: Progress | null = null
    for (const one of progress.values()) {
      const isFit = configuration.voters.includes(one.id) && one.state !== 'snapshot' && one.lastHeardAt >= heardSince
      if (!isFit || asked.has(one.id) || !this.transport.isConnected(one.id)) continue
      if (best === null || one.matchIndex > best.matchIndex) best = one
    }
    return best?.id ?? null
  }

  /** Resolves when the transfer has ended, or when a connection broke: it may have been the one to the target. */
  private untilLossOr(ended: Promise<void>): Promise<void> {
    return new Promise((resolve) => {
      const end = (): void => {
        off()
        resolve()
      }
      const off = this.transport.onLoss(end)
      ended.then(end, end)
    })
  }
}
