/**
 * The Raft groups that share one transport: which of them run here, and under which number, the slot, their frames
 * leave. A name gets its slot when it is first used and keeps it for the life of the process: a frame that waits in an
 * outbox while the connection is made anew still means the same group. Slot 0 is the host itself, and all there is to a
 * server without groups.
 *
 * The other end numbers as it likes; what its slots mean is in `slots.ts`, for each connection.
 */
import type { ServerId } from '../raft/entry.ts'
import { OptionsError } from '../raft/errors.ts'
import { EMPTY, utf8Decode, utf8Encode } from '../util/bytes.ts'
import { frameWriter } from './codec.ts'
import { MAX_GROUP_NAME_BYTES, type OutgoingFrame, sealFrame } from './frame.ts'
import { TransportError, type TransportHandlers } from './transport.ts'

/** One group by its name, whether or not it runs here now. */
export interface Group {
  readonly name: string
  readonly slot: number
  /** Tells the other end what the slot means; to be written once on each connection, before the slot is used there. */
  readonly announcement: OutgoingFrame
  /** Whom to hand to what arrives; null while the group does not run here. */
  handlers: TransportHandlers | null
}

export class Groups {
  /** What belongs to no group. */
  readonly host: Group
  private readonly maxGroups: number
  private readonly bySlot: Group[]
  private readonly byName = new Map<string, Group>()
  private readonly running = new Set<Group>()

  /** `maxGroups` is at most MAX_SLOT. */
  constructor(maxGroups: number) {
    this.maxGroups = maxGroups
    this.host = { name: '', slot: 0, announcement: encodeGroup(0, EMPTY), handlers: null }
    this.bySlot = [this.host]
  }

  /**
   * The group of this name; at the first time it gets its slot.
   *
   * @throws OptionsError for a name that is empty, too long or not UTF-8, and when all slots are taken
   */
  named(name: string): Group {
    return this.find(name) ?? this.add(name)
  }

  /** The group of this name, if this process has ever used it. */
  find(name: string): Group | null {
    return this.byName.get(name) ?? null
  }

  /** What the other end has to be told before the slot, one of ours, is used. */
  announcementOf(slot: number): OutgoingFrame {
    return (this.bySlot[slot] as Group).announcement
  }

  /** @throws TransportError ERR_QUORATE_ADDRESS_IN_USE when the group runs here already */
  begin(group: Group, handlers: TransportHandlers): void {
    if (group.handlers !== null)
      throw new TransportError('ERR_QUORATE_ADDRESS_IN_USE', `group '${group.name}' runs here already: stop it first`)
    group.handlers = handlers
    this.running.add(group)
  }

  end(group: Group): void {
    group.handlers = null
    this.running.delete(group)
  }

  endAll(): void {
    for (const group of this.running) this.end(group)
  }

  /** A connection with `peer` ended, and with it that of every group. */
  connectionLost(peer: ServerId): void {
    for (const { handlers } of this.running) handlers?.onConnectionLost(peer)
  }

  private add(name: string): Group {
    const bytes = checkedName(name)
    const slot = this.bySlot.length
    if (slot > this.maxGroups)
      throw new OptionsError(
        `group '${name}' would be number ${slot} of this process, and maxGroups is ${this.maxGroups}: names that were used before count too, until the process starts anew`,
      )
    const group = { name, slot, announcement: encodeGroup(slot, bytes), handlers: null }
    this.bySlot.push(group)
    this.byName.set(name, group)
    return group
  }
}

function checkedName(name: string): Uint8Array {
  const bytes = utf8Encode(name)
  if (bytes.length === 0 || bytes.length > MAX_GROUP_NAME_BYTES)
    throw new OptionsError(
      `a group's name has 1 to ${MAX_GROUP_NAME_BYTES} bytes of UTF-8, '${name}' has ${bytes.length}`,
    )
  // Two names with different halves of a surrogate pair would be one on the wire.
  if (utf8Decode(bytes) !== name) throw new OptionsError(`'${name}' is no group's name: it has no form in UTF-8`)
  return bytes
}

/** The announcement of a group: the slot is in the header, the name is the body. */
export function encodeGroup(slot: number, name: Uint8Array): OutgoingFrame {
  return sealFrame('Group', frameWriter().raw(name).finish(), [], slot)
}

/** Says that the sender's member of the group has stopped. */
export function encodeGroupEnded(slot: number): OutgoingFrame {
  return sealFrame('GroupEnded', frameWriter().finish(), [], slot)
}
