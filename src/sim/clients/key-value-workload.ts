/** Clients of the key/value store of `quorate/kv`: put, get and delete on few keys, each value written once. */
import type { Model } from '../../check/model.ts'
import { keyValue } from '../../check/models.ts'
import { decodeAnswer } from '../../kv/answer.ts'
import { encodeCommand } from '../../kv/command.ts'
import { KvStateMachine } from '../../kv/kv-state-machine.ts'
import { rangeQuery } from '../../kv/range.ts'
import { utf8Decode, utf8Encode } from '../../util/bytes.ts'
import type { Random } from '../../util/random.ts'
import type { Settings } from '../plan.ts'
import type { Answer, Operation, Workload } from '../workload.ts'

export class KeyValueWorkload implements Workload<KvStateMachine> {
  readonly model: Model<unknown> = keyValue
  private readonly settings: Settings

  constructor(settings: Settings) {
    this.settings = settings
  }

  machine(): KvStateMachine {
    return new KvStateMachine()
  }

  next(random: Random, client: number, serial: number): Operation {
    const { keys, reads, valueBytes } = this.settings
    const key = `k${random.below(keys)}`
    if (random.chance(reads)) return { f: 'get', key, command: null }
    if (random.chance(0.1)) return { f: 'delete', key, command: erase(key, `${client}.${serial}`) }
    const value = `${client}.${serial}.`.padEnd(random.below(valueBytes), 'x')
    const command = encodeCommand({ type: 'put', key: utf8Encode(key), value: utf8Encode(value), withPrevious: false })
    return { f: 'put', key, value, command }
  }

  read(machine: KvStateMachine, { key }: Operation): string {
    const { pairs } = machine.range(rangeQuery(utf8Encode(String(key))))
    return pairs[0] === undefined ? '' : (utf8Decode(pairs[0].value) ?? '')
  }

  answer(_operation: Operation, answer: Uint8Array): Answer {
    return decodeAnswer(answer)?.type === 'done' ? { type: 'ok', value: undefined } : { type: 'fail' }
  }
}

/** From this key up to one that is no key of ours and is different each time: no two commands are the same. */
function erase(key: string, mark: string): Uint8Array {
  return encodeCommand({
    type: 'deleteRange',
    key: utf8Encode(key),
    rangeEnd: utf8Encode(`${key} ${mark}`),
    withPrevious: false,
  })
}
