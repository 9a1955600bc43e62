/**
 * Who belongs to the cluster (Paper §6, Thesis Ch. 4). A configuration is data in the log: it takes effect when its
 * entry is appended, committed or not, and goes away again when that entry is cut off.
 */
import { ByteReader, ByteWriter } from '../util/bytes.ts'
import type { Index, ServerId } from './entry.ts'

export interface Configuration {
  /** Whose votes and acknowledgements count, in ascending order. */
  readonly voters: readonly ServerId[]
  /** The voters before a joint change, whose majority counts as well (Paper §6); empty outside of one. */
  readonly votersOutgoing: readonly ServerId[]
  /** Receive the log without counting: servers that catch up (Thesis §4.2.1). */
  readonly learners: readonly ServerId[]
  /** Where each server listens, `host:port`; the core only carries it. */
  readonly addresses: { readonly [id: ServerId]: string }
}

/** A configuration of voters alone. */
export function votersOnly(addresses: { readonly [id: ServerId]: string }): Configuration {
  return { voters: Object.keys(addresses).sort(), votersOutgoing: [], learners: [], addresses }
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

/** As it stands in a configuration entry and in a snapshot's header: four lists, each a count and its members. */
export function encodeConfiguration(configuration: Configuration): Uint8Array {
  const writer = new ByteWriter().uint8(FORMAT_VERSION)
  for (const ids of [configuration.voters, configuration.votersOutgoing, configuration.learners]) {
    writer.uint32(ids.length)
    for (const id of ids) writer.text(id)
  }
  const addresses = Object.entries(configuration.addresses)
  writer.uint32(addresses.length)
  for (const [id, address] of addresses) writer.text(id).text(address)
  return writer.finish()
}

/** @returns null when the bytes are not a configuration */
export function decodeConfiguration(bytes: Uint8Array): Configuration | null {
  const reader = new ByteReader(bytes)
  if (reader.uint8() !== FORMAT_VERSION) return null
  const readIds = (): ServerId[] => readList(reader, () => reader.text())
  const voters = readIds()
  const votersOutgoing = readIds()
  const learners = readIds()
  const addresses = Object.fromEntries(readList(reader, () => [reader.text(), reader.text()] as const))
  return reader.ok() && reader.remaining() === 0 ? { voters, votersOutgoing, learners, addresses } : null
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
