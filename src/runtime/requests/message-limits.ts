/** What fits into one message of the transport: the core's limits and the transport's must agree. */
import { ENTRY_HEADER_BYTES } from '../../raft/entry.ts'
import { OptionsError } from '../../raft/errors.ts'
import type { RaftOptions } from '../../raft/options.ts'

/** What a message takes beyond the entries or the commands in it, and more. */
export const MESSAGE_OVERHEAD_BYTES = 4096

/**
 * An entry that fits into the log and into no message would stop every leader that tries to send it.
 *
 * @throws OptionsError
 */
export function requireFittingMessages(
  { maxEntryBytes, maxAppendBytes }: Pick<RaftOptions, 'maxEntryBytes' | 'maxAppendBytes'>,
  maxMessageBytes: number,
): void {
  const neededBytes = Math.max(maxEntryBytes + ENTRY_HEADER_BYTES, maxAppendBytes) + MESSAGE_OVERHEAD_BYTES
  if (neededBytes <= maxMessageBytes) return
  throw new OptionsError(
    `maxEntryBytes ${maxEntryBytes} and maxAppendBytes ${maxAppendBytes} need messages of ${neededBytes} bytes, ` +
      `and the transport takes ${maxMessageBytes}: lower them`,
  )
}
