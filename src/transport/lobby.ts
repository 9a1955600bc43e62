/**
 * Where callers wait until they have said hello. The places are few, in all and for each address: a machine that
 * connects a thousand times and says nothing must not keep the peers out.
 */
import type { TransportLimits } from './limits.ts'

export class Lobby {
  private readonly limits: TransportLimits
  private readonly byHost = new Map<string, number>()
  private waiting = 0

  constructor(limits: TransportLimits) {
    this.limits = limits
  }

  /** @returns what gives the place back, once; null when there is none */
  enter(remote: string): (() => void) | null {
    const { maxPendingHellos, maxPendingHellosPerHost } = this.limits
    const host = hostOf(remote)
    const ofHost = this.byHost.get(host) ?? 0
    if (this.waiting >= maxPendingHellos || ofHost >= maxPendingHellosPerHost) return null
    this.waiting++
    this.byHost.set(host, ofHost + 1)
    let isHere = true
    return () => {
      if (isHere) this.leave(host)
      isHere = false
    }
  }

  private leave(host: string): void {
    this.waiting--
    const left = (this.byHost.get(host) ?? 1) - 1
    if (left === 0) this.byHost.delete(host)
    else this.byHost.set(host, left)
  }
}

/** `host:port` without its port. */
function hostOf(remote: string): string {
  const colon = remote.lastIndexOf(':')
  return colon < 0 ? remote : remote.slice(0, colon)
}
