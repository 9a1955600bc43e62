/**
 * Who belongs to the cluster (Paper §6, Thesis Ch. 4). A configuration is data in the log: it takes effect when its
 * entry is appended, committed or not, and goes away again when that entry is cut off.
 */
import { ByteReader, ByteWriter } from '../util/bytes.ts'
import type { Index, ServerId } from './entry.ts'

/** Who belongs to the cluster, and as what (Paper §6). */
export interface Configuration {
  /** Whose votes and acknowledgements count, in ascending order. */
  readonly voters: readonly ServerId[]
  /** The voters before a joint change, whose majority counts as well (Paper §6); empty outside of one. */
  readonly votersOutgoing: readonly ServerId[]
  /** Receive the log without counting: servers that catch up (Thesis §4.2.1). */
  readonly learners: readonly ServerId[]
  /** Learners that become voters by themselves, as soon as they have caught up. */
  readonly promotable: readonly ServerId[]
  /** Former members. Their names are never given out again: an old acknowledgement would count for an empty log. */
  readonly retired: readonly ServerId[]
  /** Where each server listens, `host:port`; the core only carries it. */
  readonly addresses: { readonly [id: ServerId]: string }
  /** The random name of a member's disk, for those that joined later: an emptied disk is another member. */
  readonly incarnations: { readonly [id: ServerId]: string }
}

/** Nobody: what a server starts with that will be told by a leader whom it belongs to. */
export const NOBODY: Configuration = {
  voters: [],
  votersOutgoing: [],
  learners: [],
  promotable: [],
  retired: [],
  addresses: {},
  incarnations: {},
}

/** A configuration of voters alone. */
export function votersOnly(addresses: { readonly [id: ServerId]: string }): Configuration {
  return { ...NOBODY, voters: Object.keys(addresses).sort(), addresses }
}

/** Every member once: voters, outgoing voters, learners. */
export function membersOf(configuration: Configuration): ServerId[] {
  const { voters, votersOutgoing, learners } = configuration
  return [...new Set([...voters, ...votersOutgoing, ...learners])]
}

/**
 * Whether its vote counts, on either side of a joint change. Learners and removed servers have none and do not
 * campaign.
 */
export function isVoter(configuration: Configuration, id: ServerId): boolean {
  return configuration.voters.includes(id) || configuration.votersOutgoing.includes(id)
}

const FORMAT_VERSION = 1

/** As it stands in a configuration entry and in a snapshot's header: seven lists, each a count and its items. */
export function encodeConfiguration(configuration: Configuration): Uint8Array {
  const writer = new ByteWriter().uint8(FORMAT_VERSION)
  const { voters, votersOutgoing, learners, promotable, retired, addresses, incarnations } = configuration
  for (const ids of [voters, votersOutgoing, learners, promotable, retired]) {
    writer.uint32(ids.length)
    for (const id of ids) writer.text(id)
  }
  for (const texts of [addresses, incarnations]) {
    const pairs = Object.entries(texts)
    writer.uint32(pairs.length)
    for (const [id, text] of pairs) writer.text(id).text(text)
  }
  return writer.finish()
}

/** Reads a configuration entry's bytes. @returns null when they are none */
export function decodeConfiguration(bytes: Uint8Array): Configuration | null {
  const reader = new ByteReader(bytes)
  if (reader.uint8() !== FORMAT_VERSION) return null
  const readIds = (): ServerId[] => readList(reader, () => reader.text())
  const readTexts = (): { [id: ServerId]: string } =>
    Object.fromEntries(readList(reader, () => [reader.text(), reader.text()] as const))
  const configuration: Configuration = {
    voters: readIds(),
    votersOutgoing: readIds(),
    learners: readIds(),
    promotable: readIds(),
    retired: readIds(),
    addresses: readTexts(),
    incarnations: readTexts(),
  }
  return reader.ok() && reader.remaining() === 0 ? configuration : null
}

/** Stops at the first item that is not there, whatever the count claims: a count of 2³² must cost nothing. */
function readList<T>(reader: ByteReader, readItem: () => T): T[] {
  const count = reader.uint32()
  const items: T[] = []
  while (items.length < count && reader.ok()) items.push(readItem())
  return items
}

/** Which configuration held from which index on. */
export interface ConfigurationAt {
  readonly index: Index
  readonly configuration: Configuration
}
