/** Entries by what they say, for comparing: two that are equal may lie in different buffers. */
import type { Entry } from '../entry.ts'
import type { Message } from '../message.ts'

export function plainEntry({ index, term, kind, bytes }: Entry): object {
  return { index, term, kind, bytes: new Uint8Array(bytes) }
}

/** Also takes what a decoder says instead of a message. */
export function plainMessage(message: Message | string): unknown {
  if (typeof message === 'string' || message.type !== 'AppendEntries') return message
  return { ...message, entries: message.entries.map(plainEntry) }
}
