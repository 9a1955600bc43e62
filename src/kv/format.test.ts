import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { concat, toHex } from '../util/bytes.ts'
import { decodeAnswer, encodeAnswer, type KvAnswer } from './answer.ts'
import { decodeCommand, encodeCommand } from './command.ts'
import { KvStateMachine } from './kv-state-machine.ts'
import { bytes, collect, commit, del, inPieces, put } from './testing/vocabulary.ts'

const document = readFileSync(new URL('../../docs/formats/kv.md', import.meta.url), 'utf8')

function example(title: string): Uint8Array {
  const hex = new RegExp(`^### ${title}$.*?\`\`\`hex\n(.*?)\`\`\``, 'ms').exec(document)?.[1]
  if (hex === undefined) throw new Error(`docs/formats/kv.md has no example under "${title}"`)
  return Uint8Array.from(hex.replaceAll(/\s/g, '').match(/../g) ?? [], (byte) => Number.parseInt(byte, 16))
}

const pair = { key: bytes('name'), value: bytes('Ada'), createRevision: 2, modRevision: 3, version: 2 }
const done: KvAnswer = { type: 'done', revision: 4, affected: 1, previous: [pair] }
const refused: KvAnswer = { type: 'refused', code: 'ERR_QUORATE_KV_MALFORMED', message: 'no command' }

describe('docs/formats/kv.md', () => {
  test.each([
    ['Put', put('name', 'Ada')],
    ['Delete range', { ...del('a', 'b'), withPrevious: false }],
  ])('the example of %s is written and read as shown', (title, command) => {
    expect(toHex(encodeCommand(command))).toBe(toHex(example(title)))
    expect(decodeCommand(example(title))).toEqual(command)
  })

  test.each([
    ['Done', done],
    ['Refused', refused],
  ])('the example of %s is written and read as shown', (title, answer) => {
    expect(toHex(encodeAnswer(answer))).toBe(toHex(example(title)))
    expect(decodeAnswer(example(title))).toEqual(answer)
  })

  test('the example of a snapshot is written and read as shown', async () => {
    const machine = new KvStateMachine()
    commit(machine, put('name', 'Eve'), put('name', 'Ada'))
    expect(toHex(concat(await collect(machine.snapshot())))).toBe(toHex(example('Example')))
    const restored = new KvStateMachine()
    await restored.restore(inPieces(example('Example'), 8))
    expect(toHex(concat(await collect(restored.snapshot())))).toBe(toHex(example('Example')))
  })
})
