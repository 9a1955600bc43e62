/**
 * What the transport complains of, for the operator's log: once when it begins and once when it is over. A server that
 * is down for a night is dialled every two seconds; twenty thousand lines would hide the one that matters.
 */
import type { ServerId } from '../../raft/entry.ts'
import type { TransportTrouble } from '../../transport/transport.ts'
import type { Logger } from '../logger.ts'

/** Longer than the transport waits between two attempts: who is heard and not complained of for so long is well. */
export const QUIET_MS = 10_000

interface Trouble {
  readonly code: string
  /** When it was last complained of. */
  at: number
}

export class Troubles {
  private readonly logger: Logger
  private readonly current = new Map<ServerId | null, Trouble>()

  constructor(logger: Logger) {
    this.logger = logger
  }

  note({ peer, code, message }: TransportTrouble, now: number): void {
    const known = this.current.get(peer)
    if (known?.code === code && (peer !== null || now - known.at < QUIET_MS)) {
      known.at = now
      return
    }
    this.current.set(peer, { code, at: now })
    this.logger.warn(message, { peer, code })
  }

  /** The server was heard. Where one direction works and the other does not, the complaints go on, and so it is not over. */
  heard(peer: ServerId, now: number): void {
    if (this.current.size === 0) return
    const known = this.current.get(peer)
    if (known === undefined || now - known.at < QUIET_MS) return
    this.current.delete(peer)
    this.logger.info(`${peer} is reachable again`, { peer })
  }
}
