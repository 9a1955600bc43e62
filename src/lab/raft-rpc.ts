// The core's messages as the lab's RPCs. One call carries a request and its reply, as the lab's counts demand, and what
// travels are plain objects with the paper's names, so that a log of a run can be read. What the method and the
// connection say already (kind, receiver; in a reply the sender, too) does not travel.

import { decodeEntry, type Entry } from '../raft/entry.ts'
import type { Message, MessageType } from '../raft/message.ts'

/** The arguments of a call: a message's own fields, entries in their one encoding, a snapshot in one piece. */
export interface Args {
  readonly from: string
  readonly [field: string]: unknown
}

/** The reply of a call; without a term the server had nothing to say. */
export interface Reply {
  readonly term?: number
  readonly [field: string]: unknown
}

/** The method under which the serving side knows this message: 'Raft.AppendEntries' and so on. */
export function methodOf(message: Message): string {
  return `Raft.${message.type}`
}

/** `snapshot` are the bytes that go with an InstallSnapshot: in the lab a snapshot travels in one piece. */
export function toArgs(message: Message, snapshot: Uint8Array): Args {
  const { type: _type, to: _to, ...args } = message
  if (message.type === 'AppendEntries') {
    // The lab's leaders never rest, so the field need not travel.
    const { restMs: _restMs, ...fields } = args as typeof message
    return { ...fields, entries: message.entries.map((entry) => entry.bytes) }
  }
  return message.type === 'InstallSnapshot' ? { ...args, snapshot } : args
}

/** @throws Error when an entry was damaged on the way: the lab's network loses messages, but never changes one */
export function fromArgs(type: MessageType, args: Args, to: string): Message {
  const message = { ...args, type, to } as unknown as Message
  if (message.type !== 'AppendEntries') return message
  return { ...message, restMs: 0, entries: (args as unknown as { entries: Uint8Array[] }).entries.map(readEntry) }
}

/** What the serving side returns from its call; `fromReply` puts back the names that the caller knows anyway. */
export function toReply(message: Message): Reply {
  const { type: _type, from: _from, to: _to, ...reply } = message
  return reply
}

/** What `request`'s receiver answered; null when it had nothing to say. */
export function fromReply(request: Message, reply: Reply): Message | null {
  if (reply.term === undefined) return null
  return { ...reply, type: `${request.type}Reply`, from: request.to, to: request.from } as unknown as Message
}

/** The bytes that came with an InstallSnapshot. */
export function snapshotOf(args: Args): Uint8Array {
  return (args as unknown as { readonly snapshot: Uint8Array }).snapshot
}

function readEntry(bytes: Uint8Array): Entry {
  const entry = decodeEntry(bytes, 0)
  if (typeof entry === 'string') throw new Error(`an entry arrived damaged: ${entry}`)
  return entry
}
