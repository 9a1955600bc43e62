/**
 * Who is at the other end of a host's connections. A host lets another in before all of its groups run, so a group may
 * learn only later, from its log, that the disk behind a name is another one than it took in: what such a server says to
 * that group is dropped.
 */
import type { Configuration } from '../../raft/configuration.ts'
import type { ServerId } from '../../raft/entry.ts'
import type { PeerIdentity } from '../../transport/transport.ts'
import type { Logger } from '../logger.ts'
import type { Gate } from '../members/gate.ts'

export class Introductions {
  private readonly logger: Logger
  private readonly incarnations = new Map<ServerId, string>()
  private readonly reported = new Set<string>()

  constructor(logger: Logger) {
    this.logger = logger
  }

  /** The one that was let in last speaks. */
  note({ id, incarnation }: PeerIdentity): void {
    this.incarnations.set(id, incarnation)
  }

  /** The host's gate as one of its groups sees it. */
  gate(whole: Gate): Gate {
    return {
      get isFormed() {
        return whole.isFormed
      },
      get missing() {
        return whole.missing
      },
      start: () => {},
      stop: async () => {},
      whenFormed: (action) => whole.whenFormed(action),
      admit: () => null,
      isStranger: (peer, configuration) => this.isStranger(peer, configuration),
    }
  }

  private isStranger(peer: ServerId, { incarnations }: Configuration): boolean {
    const known = incarnations[peer]
    const introduced = this.incarnations.get(peer)
    if (known === undefined || introduced === undefined || known === introduced) return false
    this.report(peer, introduced)
    return true
  }

  private report(peer: ServerId, introduced: string): void {
    if (this.reported.has(introduced)) return
    this.reported.add(introduced)
    this.logger.error(
      'a host came back with another disk under its old name: what it says to groups that it had joined is dropped; ' +
        'remove it from them and add it under a new id',
      { peer, incarnation: introduced },
    )
  }
}
