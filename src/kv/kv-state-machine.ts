/**
 * The key/value store as a state machine (Paper §2): commands in, answers out, the same on every server. Whatever bytes
 * are committed, it answers: a command that cannot be understood changes nothing and is told so.
 */
import type { CommittedEntry, StateMachine } from '../runtime/state-machine.ts'
import { encodeAnswer, type KvAnswer } from './answer.ts'
import { type DeleteRangeCommand, decodeCommand, type PutCommand } from './command.ts'
import type { KeyValue } from './key-value.ts'
import { pairBytes } from './pair-codec.ts'
import type { RangeQuery, RangeResult } from './range.ts'
import { decodeSnapshot, encodeSnapshot } from './snapshot.ts'
import { Store } from './store.ts'

/** An answer may have to travel in one frame: it may not grow with the store. Part of the state machine, so for ever. */
const MAX_PREVIOUS_BYTES = 4 * 1024 * 1024

export class KvStateMachine implements StateMachine {
  private store = new Store()

  /** How many changes there were, plus one. */
  get revision(): number {
    return this.store.revision
  }

  /** How many keys there are. */
  get size(): number {
    return this.store.size
  }

  /** What this server has applied so far: ask through `RaftNode.read` for what is linearizable. @throws RevisionError */
  range(query: RangeQuery): RangeResult {
    return this.store.range(query)
  }

  apply(entries: readonly CommittedEntry[]): Uint8Array[] {
    return entries.map(({ command }) => encodeAnswer(this.applyOne(command)))
  }

  snapshot(): AsyncIterable<Uint8Array> {
    return encodeSnapshot(this.store.freeze())
  }

  /** A snapshot that cannot be read leaves the store as it was. @throws SnapshotFormatError */
  async restore(source: AsyncIterable<Uint8Array>): Promise<void> {
    this.store = await decodeSnapshot(source)
  }

  private applyOne(bytes: Uint8Array): KvAnswer {
    const command = decodeCommand(bytes)
    if (command === null) {
      const message = `${bytes.length} bytes that are no command of this version: nothing was changed`
      return { type: 'refused', code: 'ERR_QUORATE_KV_MALFORMED', message }
    }
    return command.type === 'put' ? this.put(command) : this.deleteRange(command)
  }

  /** The log's bytes are copied: a value of 10 bytes would otherwise keep a batch of a megabyte alive. */
  private put({ key, value, withPrevious }: PutCommand): KvAnswer {
    const previous = this.store.put(key.slice(), value.slice())
    const affected = previous === null ? 0 : 1
    return this.done(affected, previous !== null && withPrevious ? [previous] : [])
  }

  private deleteRange(command: DeleteRangeCommand): KvAnswer {
    const previous: KeyValue[] = []
    let bytes = 0
    for (const pair of command.withPrevious ? this.store.scan(command) : []) {
      bytes += pairBytes(pair)
      if (bytes > MAX_PREVIOUS_BYTES) return TOO_MUCH_TO_RETURN
      previous.push(pair)
    }
    return this.done(this.store.deleteRange(command), previous)
  }

  private done(affected: number, previous: readonly KeyValue[]): KvAnswer {
    return { type: 'done', revision: this.store.revision, affected, previous }
  }
}

const TOO_MUCH_TO_RETURN: KvAnswer = {
  type: 'refused',
  code: 'ERR_QUORATE_KV_ANSWER_TOO_LARGE',
  message: `the pairs to delete are more than ${MAX_PREVIOUS_BYTES} bytes, too much to return: nothing was deleted; ask without them`,
}
