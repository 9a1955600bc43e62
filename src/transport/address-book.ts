/**
 * Whom to dial, and where, as all groups of a process say it together. A server is dialled for as long as anybody names
 * it, over one connection for all who do.
 *
 * Two groups may give two addresses for a while, when a server moves and one of them learns of it later. The latest
 * change holds, not the latest call: a group that names `b` at its old place again, because its list changed elsewhere,
 * says nothing new of `b`, and must not have it hung up on.
 */
import type { ServerId } from '../raft/entry.ts'

interface Entry {
  address: string
  /** How many name this server. */
  namedBy: number
}

type Addresses = ReadonlyMap<ServerId, string>

const NO_ADDRESSES: Addresses = new Map()

/** `Owner` is whoever has a list of its own. */
export class AddressBook<Owner> {
  private readonly lists = new Map<Owner, Addresses>()
  private readonly entries = new Map<ServerId, Entry>()

  /** @returns the servers that are new, gone, or elsewhere now */
  set(owner: Owner, addresses: { readonly [id: ServerId]: string }): ServerId[] {
    const before = this.lists.get(owner) ?? NO_ADDRESSES
    const now: Addresses = new Map(Object.entries(addresses))
    const changed: ServerId[] = []
    for (const id of before.keys()) if (!now.has(id) && this.drop(id)) changed.push(id)
    for (const [id, address] of now) if (this.take(id, address, before.get(id))) changed.push(id)
    if (now.size > 0) this.lists.set(owner, now)
    else this.lists.delete(owner)
    return changed
  }

  ids(): Iterable<ServerId> {
    return this.entries.keys()
  }

  addressOf(id: ServerId): string | undefined {
    return this.entries.get(id)?.address
  }

  private take(id: ServerId, address: string, before: string | undefined): boolean {
    const entry = this.entries.get(id)
    if (entry === undefined) {
      this.entries.set(id, { address, namedBy: 1 })
      return true
    }
    if (before === undefined) entry.namedBy++
    if (before === address || entry.address === address) return false
    entry.address = address
    return true
  }

  private drop(id: ServerId): boolean {
    const entry = this.entries.get(id) as Entry
    entry.namedBy--
    if (entry.namedBy === 0) this.entries.delete(id)
    return entry.namedBy === 0
  }
}
