// Reads a history line by line: a file of 100 MB is never in memory as a whole, only its operations are.

import { createReadStream } from 'node:fs'
import type { Operation } from '../../check/index.ts'
import { Pairing, parseEvent } from '../../check/index.ts'
import { UsageError } from '../usage.ts'

/** A line is an event; whoever hands in something else should hear of it before the memory is full. */
const MAX_LINE = 2 ** 24

/** Operations, and of how many lines they are. */
export interface ReadHistory {
  readonly operations: readonly Operation[]
  readonly events: number
}

/**
 * @param file a path, or `-` for the standard input
 * @throws UsageError when it cannot be read, HistoryError when a line is none of a history
 */
export async function readHistory(file: string): Promise<ReadHistory> {
  const pairing = new Pairing()
  let [line, events] = [0, 0]
  for await (const text of linesOf(file)) {
    const event = parseEvent(text, ++line)
    if (event === null) continue
    pairing.add(event, line)
    events++
  }
  return { operations: pairing.finish(), events }
}

async function* linesOf(file: string): AsyncGenerator<string> {
  const stream = file === '-' ? process.stdin : createReadStream(file, { highWaterMark: 2 ** 20 })
  stream.setEncoding('utf8')
  let rest = ''
  try {
    for await (const chunk of stream) {
      const lines = (rest + String(chunk)).split('\n')
      rest = lines.pop() ?? ''
      if (rest.length > MAX_LINE)
        throw new UsageError(`quorate check ${file}: a line is longer than 16 MiB: this is no history`)
      yield* lines
    }
  } catch (error) {
    if (!(error instanceof Error) || !('syscall' in error)) throw error
    throw new UsageError(`quorate check ${file}: it cannot be read: ${error.message}`)
  }
  yield rest
}
