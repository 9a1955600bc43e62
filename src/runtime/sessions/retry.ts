/**
 * Proposing one entry of a session again and again until it is answered. That is safe, and only for sessions: the table
 * lets each serial through once. Whether the whole had an effect is told as honestly as for a single proposal.
 */
import type { Clock } from '../../util/clock.ts'
import { NodeError } from '../errors.ts'
import type { RequestOptions } from '../node-options.ts'

/** What sessions need of their node. */
export interface SessionPort {
  readonly clock: Clock
  /** How long a request may take when the call does not say. */
  readonly requestTimeoutMs: number
  /** Proposes an entry of kind `session`, once, from whichever server this is. @throws NodeError */
  propose(payload: Uint8Array, options: RequestOptions): Promise<Uint8Array>
}

/**
 * How long the first attempt may take: as long as most elections do, with the time to notice that there must be one.
 * Each next one may take twice as long, or a cluster that is slow would be kept busy with copies; but only up to the
 * second number, since what was lost on the way is not found before.
 */
const FIRST_ATTEMPT_MS = 1000
const LONGEST_ATTEMPT_MS = 4000

/** Between two attempts, so that a leader which refuses at once is not asked a thousand times a second. */
const PAUSE_MS = 20

export interface RetryOptions extends RequestOptions {
  /** The same was proposed before, by a client that is no more, so that nobody can say what has no effect. */
  readonly isRepeated?: boolean
}

/** @throws NodeError, `applied: 'no'` only when no attempt can have had an effect */
export async function proposeUntilAnswered(
  port: SessionPort,
  payload: Uint8Array,
  { timeoutMs = port.requestTimeoutMs, isRepeated = false, ...options }: RetryOptions,
): Promise<Uint8Array> {
  const { clock } = port
  const endAt = clock.now() + timeoutMs
  let mayBeApplied = isRepeated
  for (let patienceMs = FIRST_ATTEMPT_MS; ; patienceMs = Math.min(patienceMs * 2, LONGEST_ATTEMPT_MS)) {
    try {
      return await port.propose(payload, { ...options, timeoutMs: Math.min(patienceMs, endAt - clock.now()) })
    } catch (error) {
      if (!(error instanceof NodeError)) throw error
      mayBeApplied ||= error.applied === 'unknown'
      if (clock.now() + PAUSE_MS >= endAt || !isWorthAnotherTry(error, mayBeApplied)) throw inAll(error, mayBeApplied)
    }
    await new Promise<void>((resolve) => void clock.schedule(PAUSE_MS, resolve))
  }
}

/**
 * A full disk and a full queue are told at once: the caller shall send less. But once a leader has taken the command,
 * only a further attempt can find out what became of it.
 */
function isWorthAnotherTry({ code }: NodeError, mayBeApplied: boolean): boolean {
  if (code === 'ERR_QUORATE_OVERLOADED' || code === 'ERR_QUORATE_DISK_FULL') return mayBeApplied
  return code === 'ERR_QUORATE_NO_LEADER' || code === 'ERR_QUORATE_OUTCOME_UNKNOWN' || code === 'ERR_QUORATE_SUPERSEDED'
}

/** The last attempt certainly had no effect; one before it may have had. */
function inAll(error: NodeError, mayBeApplied: boolean): NodeError {
  if (!mayBeApplied || error.applied === 'unknown') return error
  const message = `${error.message}; an earlier attempt may have been applied`
  return new NodeError(error.code, message, 'unknown', error.leaderId)
}
