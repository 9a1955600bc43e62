/** Words for the tests: bytes as text, pairs as `key=value@create/mod/version`. */
import type { CommittedEntry } from '../../runtime/state-machine.ts'
import { utf8Decode, utf8Encode } from '../../util/bytes.ts'
import { decodeAnswer, type KvAnswer } from '../answer.ts'
import { encodeCommand, type KvCommand } from '../command.ts'
import type { KeyValue } from '../key-value.ts'
import type { KvStateMachine } from '../kv-state-machine.ts'

export function bytes(text: string): Uint8Array {
  return utf8Encode(text)
}

export function put(key: string, value = ''): KvCommand {
  return { type: 'put', key: bytes(key), value: bytes(value), withPrevious: true }
}

export function del(key: string, rangeEnd = ''): KvCommand {
  return { type: 'deleteRange', key: bytes(key), rangeEnd: bytes(rangeEnd), withPrevious: true }
}

export function show({ key, value, createRevision, modRevision, version }: KeyValue): string {
  return `${utf8Decode(key)}=${utf8Decode(value)}@${createRevision}/${modRevision}/${version}`
}

/** Commits the commands in one go and gives the answers. */
export function commit(machine: KvStateMachine, ...commands: (KvCommand | Uint8Array)[]): (KvAnswer | null)[] {
  const committed = commands.map(
    (command, i): CommittedEntry => ({
      session: null,
      index: i + 1,
      term: 1,
      command: command instanceof Uint8Array ? command : encodeCommand(command),
    }),
  )
  return machine.apply(committed).map(decodeAnswer)
}

/** Hands over `bytes` in pieces of so many. */
export async function* inPieces(whole: Uint8Array, pieceBytes: number): AsyncGenerator<Uint8Array, void> {
  for (let offset = 0; offset < whole.length; offset += pieceBytes) yield whole.subarray(offset, offset + pieceBytes)
}

export async function collect(source: AsyncIterable<Uint8Array>): Promise<Uint8Array[]> {
  const pieces: Uint8Array[] = []
  for await (const piece of source) pieces.push(piece)
  return pieces
}
