/**
 * The sessions of a node: opens them, takes them up again, and, while this server leads, gives the log its time: a
 * stamp on each session's entry, and a tick when a session is due to expire and nothing else moves the time.
 */
import { OptionsError } from '../../raft/errors.ts'
import type { Raft } from '../../raft/raft.ts'
import type { Cancel } from '../../util/clock.ts'
import { NodeError } from '../errors.ts'
import type { RequestOptions } from '../node-options.ts'
import { LogClock } from './log-clock.ts'
import { proposeUntilAnswered, type SessionPort } from './retry.ts'
import { Session } from './session.ts'
import {
  decodeStanding,
  encodeOperation,
  type SessionId,
  type SessionOperation,
  stampLogTime,
} from './session-entry.ts'
import { MAX_TTL_MS, MIN_TTL_MS, type SessionTable } from './session-table.ts'

export interface SessionOptions extends RequestOptions {
  /**
   * The session expires when nothing was heard of its client for so long, not counting the time without a leader:
   * 1,000 ms to a day. Default 30,000.
   */
  readonly ttlMs?: number
}

const DEFAULT_TTL_MS = 30_000

/** A tick comes no sooner than this after the last one: if it was refused, the next would be, too. */
const MIN_TICK_DELAY_MS = 50

export class Sessions {
  private readonly raft: Raft
  private readonly table: SessionTable
  private readonly port: SessionPort
  private readonly logClock = new LogClock()
  private readonly open = new Set<Session>()
  private ticker: Cancel | null = null
  /** The log time for which the ticker is set. */
  private tickAt = 0
  private stopReason: string | null = null

  constructor(raft: Raft, table: SessionTable, port: SessionPort) {
    this.raft = raft
    this.table = table
    this.port = port
  }

  /** @throws OptionsError; NodeError ERR_QUORATE_TOO_MANY_SESSIONS, or as for a proposal */
  async openNew({ ttlMs = DEFAULT_TTL_MS, ...options }: SessionOptions = {}): Promise<Session> {
    if (!(ttlMs >= MIN_TTL_MS && ttlMs <= MAX_TTL_MS && Number.isInteger(ttlMs))) {
      throw new OptionsError(`ttlMs is ${ttlMs}: a session lives for ${MIN_TTL_MS} to ${MAX_TTL_MS} whole ms`)
    }
    return this.begin({ type: 'open', ttlMs }, options)
  }

  /** @throws OptionsError when `nextSerial` was used before; NodeError ERR_QUORATE_SESSION_EXPIRED */
  async resume(id: SessionId, nextSerial: number, options: RequestOptions = {}): Promise<Session> {
    if (!(Number.isSafeInteger(id) && id > 0 && Number.isSafeInteger(nextSerial) && nextSerial > 0)) {
      throw new OptionsError(`there is no session ${id} with a next serial of ${nextSerial}: both count from 1`)
    }
    const completed = nextSerial - 1
    const session = await this.begin({ type: 'keepAlive', session: id, completed }, options)
    if (session.nextSerial === nextSerial) return session
    session.abandon()
    throw new OptionsError(`serial ${nextSerial} of session ${id} is settled: it has come to ${session.nextSerial}`)
  }

  /** Before it goes into our log as leader: puts the time on a session's entry. */
  stamp(payload: Uint8Array): void {
    stampLogTime(payload, this.logClock.read(this.raft.inspect().currentTerm, this.port.clock.now()))
  }

  /** Everything up to `index` is applied. */
  applied(index: number): void {
    const { role, currentTerm, log } = this.raft.inspect()
    if (role !== 'leader') return
    if (!this.logClock.isSet(currentTerm)) {
      if (log.termAt(index) !== currentTerm) return
      this.logClock.set(currentTerm, this.table.logTime, this.port.clock.now())
    }
    this.setTicker()
  }

  stop(reason: string): void {
    this.stopReason = reason
    this.ticker?.()
    for (const session of [...this.open]) session.abandon()
  }

  private async begin(operation: SessionOperation, options: RequestOptions): Promise<Session> {
    const askedAt = this.port.clock.now()
    const answer = await proposeUntilAnswered(this.port, encodeOperation(operation), options)
    if (this.stopReason !== null) throw new NodeError('ERR_QUORATE_STOPPED', this.stopReason, 'unknown')
    const onEnd = (ended: Session): void => void this.open.delete(ended)
    const isResumed = operation.type !== 'open'
    const session = new Session(this.port, { standing: decodeStanding(answer), askedAt, isResumed, onEnd })
    this.open.add(session)
    return session
  }

  /** The time in our own log now; null when it is not ours to say. */
  private logTime(): number | null {
    const { role, currentTerm } = this.raft.inspect()
    if (role !== 'leader' || !this.logClock.isSet(currentTerm)) return null
    return this.logClock.read(currentTerm, this.port.clock.now())
  }

  /** For the first session that may expire. Called often: it does nothing when that is not sooner than it was. */
  private setTicker(): void {
    const now = this.logTime()
    const expiry = this.table.earliestExpiry
    if (now === null || this.stopReason !== null || expiry === Number.POSITIVE_INFINITY) return
    if (this.ticker !== null && this.tickAt <= expiry) return
    this.ticker?.()
    this.tickAt = expiry
    this.ticker = this.port.clock.schedule(Math.max(expiry - now + 1, MIN_TICK_DELAY_MS), () => void this.tick())
  }

  private async tick(): Promise<void> {
    this.ticker = null
    const now = this.logTime()
    if (now === null) return
    this.table.findEarliestExpiry()
    if (now <= this.table.earliestExpiry) {
      this.setTicker()
      return
    }
    // What was refused comes again, from here or from the next leader.
    await this.port.propose(encodeOperation({ type: 'tick' }), {}).catch(() => {})
    this.setTicker()
  }
}
