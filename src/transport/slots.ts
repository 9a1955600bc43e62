/**
 * What the slots in the frames of one connection mean. Each end numbers its own groups and says what a number stands
 * for before its first use, in a Group frame; from then on a group costs a frame two bytes of the header, and finding it
 * one look into an array. Nothing is ever taken back: another name for a slot that has one is a fault, and the
 * connection ends, for whoever mixes up two groups would append the one's entries to the other's log.
 *
 * ```
 * Group        the name, 1 to 255 bytes of UTF-8; the slot is that of the header
 * GroupEnded   nothing: the sender's member of the slot's group has stopped
 * ```
 */
import { utf8Decode } from '../util/bytes.ts'
import type { Frame, OutgoingFrame } from './frame.ts'
import type { Group, Groups } from './groups.ts'

/** A group that the other end has announced. */
interface Announced {
  readonly name: string
  /** Null while this process has never used the name: then nothing but the name is kept. */
  group: Group | null
}

export class Slots {
  private readonly groups: Groups
  private readonly maxGroups: number
  /** By our slots: what the other end was told. */
  private readonly told: boolean[] = []
  /** By the other end's slots. */
  private readonly heard: (Announced | undefined)[] = []
  private heardCount = 0

  constructor(groups: Groups, maxGroups: number) {
    this.groups = groups
    this.maxGroups = maxGroups
  }

  /** What must be written before a frame with this slot, one of ours; null when nothing must. It counts as written. */
  announcementFor(slot: number): OutgoingFrame | null {
    if (slot === 0 || this.told[slot] === true) return null
    this.told[slot] = true
    return this.groups.announcementOf(slot)
  }

  /** True once the other end has heard of the group, by us and on this connection. */
  hasAnnounced(slot: number): boolean {
    return this.told[slot] === true
  }

  /** @returns null, or in words why the frame's slot means nothing */
  check({ type, slot }: Frame): string | null {
    return slot === 0 || this.heard[slot] !== undefined ? null : `${type} for slot ${slot}, which was not announced`
  }

  /** Takes a Group frame. @returns null, or in words why the connection must end */
  hear({ slot, body }: Frame): string | null {
    const name = body.length === 0 ? null : utf8Decode(body)
    if (slot === 0 || name === null) return `a Group for slot ${slot} whose name of ${body.length} bytes is none`
    const earlier = this.heard[slot]
    if (earlier !== undefined)
      return earlier.name === name ? null : `slot ${slot} is group '${earlier.name}', and now '${name}'`
    if (this.heardCount >= this.maxGroups) return `more than ${this.maxGroups} groups`
    this.heardCount++
    this.heard[slot] = { name, group: this.groups.find(name) }
    return null
  }

  /** Which of our groups the other end means by a slot that was checked; null when we have never used its name. */
  groupAt(slot: number): Group | null {
    if (slot === 0) return this.groups.host
    const announced = this.heard[slot] as Announced
    // A name that is used here once keeps its Group for good, so this looks it up only for strangers.
    announced.group ??= this.groups.find(announced.name)
    return announced.group
  }

  /** For words. */
  nameAt(slot: number): string {
    return this.heard[slot]?.name ?? ''
  }
}
