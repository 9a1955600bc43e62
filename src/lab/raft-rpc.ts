// The core's messages as the lab's RPCs. One call carries a request and its reply, as the lab's counts demand, and what
// travels are plain objects with the paper's names, so that a log of a run can be read.

import { decodeEntry, type Entry } from '../raft/entry.ts'
import type { AppendEntries, InstallSnapshot, Message } from '../raft/message.ts'

/** An entry travels as its one encoding; everything else as the core has it. */
type Wire<M> = M extends AppendEntries
  ? Omit<AppendEntries, 'entries'> & { readonly entries: readonly Uint8Array[] }
  : M extends InstallSnapshot
    ? InstallSnapshot & { readonly snapshot: Uint8Array }
    : M

export type Args = Wire<Message>

/** The method under which the serving side knows this message: 'Raft.AppendEntries' and so on. */
export function methodOf(message: Message): string {
  return `Raft.${message.type}`
}

/** `snapshot` are the bytes that go with an InstallSnapshot: in the lab a snapshot travels in one piece. */
export function toArgs(message: Message, snapshot: Uint8Array): Args {
  switch (message.type) {
    case 'AppendEntries':
      return { ...message, entries: message.entries.map((entry) => entry.bytes) }
    case 'InstallSnapshot':
      return { ...message, snapshot }
    default:
      return message
  }
}

/** @throws Error when an entry was damaged on the way: the lab's network loses messages, but never changes one */
export function toMessage(args: Args): Message {
  return args.type === 'AppendEntries' ? { ...args, entries: args.entries.map(readEntry) } : args
}

function readEntry(bytes: Uint8Array): Entry {
  const entry = decodeEntry(bytes, 0)
  if (typeof entry === 'string') throw new Error(`an entry arrived damaged: ${entry}`)
  return entry
}
