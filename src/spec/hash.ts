/**
 * A number for a message, equal for equal contents: so a copy that went through an encoding is known as what was sent.
 * With 30 bits, one in a thousand forgeries passes among a million messages; the rules of the handlers remain.
 */
import type { Configuration, InstallSnapshot, LogEntry, Message, ServerId } from './message.ts'

/** Hashes every field that the specification knows; of a snapshot only who offers it, and not which: see `hashOfOffered`. */
export function hashOf(message: Message, identify: ((entry: LogEntry) => number) | undefined): number {
  let hash = mix(hashOfText(message.type), message.term)
  hash = mix(hash, hashOfText(message.from))
  hash = mix(hash, hashOfText(message.to))
  switch (message.type) {
    case 'PreVote':
      return finish(mix3(hash, message.campaignTerm, message.lastLogIndex, message.lastLogTerm))
    case 'PreVoteReply':
      return finish(mix3(hash, message.campaignTerm, Number(message.granted), 0))
    case 'RequestVote':
      return finish(mix3(hash, message.lastLogIndex, message.lastLogTerm, Number(message.transfer)))
    case 'RequestVoteReply':
      return finish(mix(hash, Number(message.granted)))
    case 'AppendEntries':
      hash = mix3(hash, message.prevLogIndex, message.prevLogTerm, message.leaderCommit)
      hash = mix3(hash, message.session, message.readRound, message.entries.length)
      for (const entry of message.entries) hash = mix3(hash, entry.index, entry.term, identify?.(entry) ?? 0)
      return finish(hash)
    case 'AppendEntriesReply':
      return finish(mix(mix3(hash, message.session, message.readRound, message.index), Number(message.success)))
    case 'InstallSnapshot':
      return finish(mix(hash, message.session))
    case 'InstallSnapshotReply':
      return finish(mix3(hash, message.session, message.index, 0))
    case 'TimeoutNow':
      return finish(hash)
    case 'ReadIndex':
      return finish(mix(hash, message.requestId))
    case 'ReadIndexReply':
      return finish(mix3(hash, message.requestId, message.index ?? 0, Number(message.index === null)))
  }
}

/** Which snapshot is offered, and to whom; by whom and in which term does not matter. */
export function hashOfOffered(message: InstallSnapshot): number {
  const { to, lastIncludedIndex, lastIncludedTerm, configuration } = message
  const hash = mix(hashOfText('offered'), hashOfText(to))
  return finish(mix3(hash, lastIncludedIndex, lastIncludedTerm, hashOfMembers(configuration)))
}

const texts = new Map<string, number>()

/** Remembered: there are a few servers and eleven kinds of messages. */
function hashOfText(text: ServerId): number {
  const known = texts.get(text)
  if (known !== undefined) return known
  let hash = text.length
  for (let i = 0; i < text.length; i++) hash = mix(hash, text.charCodeAt(i))
  if (texts.size < 4096) texts.set(text, hash)
  return hash
}

/** The order of the voters does not matter. */
function hashOfMembers({ voters, votersOutgoing }: Configuration): number {
  let hash = 0
  for (const id of voters) hash = (hash + hashOfText(id)) | 0
  for (const id of votersOutgoing) hash = (hash + Math.imul(hashOfText(id), 31)) | 0
  return hash
}

/** As in MurmurHash3; a number above 32 bits gives its upper part as well. */
function mix(hash: number, value: number): number {
  const high = value > 0xffffffff ? Math.floor(value / 0x100000000) : 0
  let k = Math.imul((value | 0) + Math.imul(high, 0x85ebca6b), 0xcc9e2d51)
  k = Math.imul((k << 15) | (k >>> 17), 0x1b873593)
  const h = hash ^ k
  return (Math.imul((h << 13) | (h >>> 19), 5) + 0xe6546b64) | 0
}

function mix3(hash: number, a: number, b: number, c: number): number {
  return mix(mix(mix(hash, a), b), c)
}

/** 30 bits, which a Set holds without an object for each. */
function finish(hash: number): number {
  let h = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return (h ^ (h >>> 16)) & 0x3fffffff
}
