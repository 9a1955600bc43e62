import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { concat, toHex, utf8Encode } from '../util/bytes.ts'
import { command, decodeAnswer, decodeCommand, encodeAnswer, encodeCommand } from './command.ts'
import { RecipeStateMachine } from './recipe-state-machine.ts'

const document = readFileSync(new URL('../../docs/formats/recipes.md', import.meta.url), 'utf8')

function example(title: string): Uint8Array {
  const hex = new RegExp(`^### ${title}$.*?\`\`\`hex\n(.*?)\`\`\``, 'ms').exec(document)?.[1]
  if (hex === undefined) throw new Error(`docs/formats/recipes.md has no example under "${title}"`)
  return Uint8Array.from(hex.replaceAll(/\s/g, '').match(/../g) ?? [], (byte) => Number.parseInt(byte, 16))
}

const set = command('set', 'limits', { key: 'ada', value: utf8Encode('10') })
const join = command('joinLock', 'nightly', { onlyIfFree: true, value: utf8Encode('host-1') })

describe('docs/formats/recipes.md', () => {
  test.each([
    ['Set a key', set],
    ['Join a lock', join],
  ])('the example of %s is written and read as shown', (title, what) => {
    expect(toHex(encodeCommand(what))).toBe(toHex(example(title)))
    expect(decodeCommand(example(title))).toEqual(what)
  })

  test('the example of an answer is written and read as shown', () => {
    const answer = { type: 'conflict', revision: 7, reason: '' } as const
    expect(toHex(encodeAnswer(answer))).toBe(toHex(example('A conflict')))
    expect(decodeAnswer(example('A conflict'))).toEqual(answer)
  })

  test('the example of a snapshot is written and read as shown', async () => {
    const machine = new RecipeStateMachine()
    machine.apply([{ index: 5, term: 1, session: 2, command: encodeCommand(join) }])
    machine.apply([{ index: 6, term: 1, session: null, command: encodeCommand(set) }])
    expect(toHex(await bytesOf(machine))).toBe(toHex(example('A lock and an entry')))
    const restored = new RecipeStateMachine()
    await restored.restore(one(example('A lock and an entry')))
    expect(restored.holder('lock', 'nightly')).toEqual({ session: 2, value: 'host-1', token: 5 })
    expect(toHex(await bytesOf(restored))).toBe(toHex(example('A lock and an entry')))
  })
})

async function* one(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}

async function bytesOf(machine: RecipeStateMachine): Promise<Uint8Array> {
  const pieces: Uint8Array[] = []
  for await (const piece of machine.snapshot()) pieces.push(piece)
  return concat(pieces)
}
