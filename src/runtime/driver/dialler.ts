/**
 * Whom the transport dials: the members, and for a moment those that are none any more. A leader that was removed has
 * something left to say (the answer to whoever removed it, that the removal has committed); hung up on at once, it looked
 * like a leader that had died in the middle of it.
 */
import type { ServerId } from '../../raft/entry.ts'
import type { Transport } from '../../transport/transport.ts'
import type { Cancel, Clock } from '../../util/clock.ts'

/** How long a server that left is still spoken with. */
const GRACE_MS = 1000

type Addresses = { readonly [id: ServerId]: string }

export class Dialler {
  private readonly transport: Transport
  private readonly clock: Clock
  private dialled: Addresses = {}
  private wanted: Addresses = {}
  private cancel: Cancel | null = null

  constructor(transport: Transport, clock: Clock) {
    this.transport = transport
    this.clock = clock
  }

  /**
   * New servers and new addresses count at once. Nobody instead of nobody changes nothing: a server that joins belongs to
   * nothing yet, and dials whom it was told to ask. Once it was made to hang up on those a second after its start; if the
   * first that it asked was down, it had no address left to ask at, for ever.
   */
  dial(addresses: Addresses): void {
    if (Object.keys(addresses).length === 0 && Object.keys(this.dialled).length === 0) return
    this.wanted = addresses
    this.dialled = { ...this.dialled, ...addresses }
    this.transport.setPeers(this.dialled)
    this.cancel?.()
    this.cancel = this.clock.schedule(GRACE_MS, () => this.trim())
  }

  stop(): void {
    this.cancel?.()
  }

  private trim(): void {
    this.cancel = null
    this.dialled = this.wanted
    this.transport.setPeers(this.dialled)
  }
}
