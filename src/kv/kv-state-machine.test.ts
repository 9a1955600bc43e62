import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { concat } from '../util/bytes.ts'
import { decodeAnswer, encodeAnswer } from './answer.ts'
import { decodeCommand, encodeCommand } from './command.ts'
import { KvStateMachine } from './kv-state-machine.ts'
import { rangeQuery } from './range.ts'
import { bytes, collect, commit, del, inPieces, put, show } from './testing/vocabulary.ts'

const EVERYTHING = rangeQuery(bytes('\0'), { rangeEnd: bytes('\0') })

function contentOf(machine: KvStateMachine): string[] {
  return machine.range(EVERYTHING).pairs.map(show)
}

function machineWith(count: number, valueBytes: number): KvStateMachine {
  const machine = new KvStateMachine()
  for (let i = 0; i < count; i++) commit(machine, put(`key${i}`, 'v'.repeat(valueBytes)))
  return machine
}

describe('Commands', () => {
  test('a put answers with the revision and what it replaced', () => {
    const [first, second] = commit(new KvStateMachine(), put('a', '1'), put('a', '2'))
    expect(first).toEqual({ type: 'done', revision: 2, affected: 0, previous: [] })
    expect(second).toMatchObject({ revision: 3, affected: 1, previous: [{ value: bytes('1'), version: 1 }] })
  })

  test('a delete answers with how many it took and which', () => {
    const machine = new KvStateMachine()
    const [, , , answer] = commit(machine, put('a', '1'), put('b', '2'), put('c'), del('a', 'c'))
    expect(answer).toMatchObject({ revision: 5, affected: 2 })
    expect(answer?.type === 'done' && answer.previous.map(show)).toEqual(['a=1@2/2/1', 'b=2@3/3/1'])
    expect(contentOf(machine)).toEqual(['c=@4/4/1'])
  })

  test('pairs that nobody asked for are not sent', () => {
    const answers = commit(new KvStateMachine(), put('a'), { ...del('a'), withPrevious: false })
    expect(answers[1]).toEqual({ type: 'done', revision: 3, affected: 1, previous: [] })
  })

  test('what is no command is answered, changes nothing, and does not disturb its neighbours', () => {
    const machine = new KvStateMachine()
    const answers = commit(machine, put('a'), Uint8Array.of(9, 9), put(''), new Uint8Array(0), put('b'))
    expect(answers.map((answer) => answer?.type)).toEqual(['done', 'refused', 'refused', 'refused', 'done'])
    expect(machine.revision).toBe(3)
  })

  test('a delete that would have to return too much is refused and deletes nothing', () => {
    const machine = machineWith(5, 1_000_000)
    expect(commit(machine, del('key0', '\0'))).toMatchObject([{ code: 'ERR_QUORATE_KV_ANSWER_TOO_LARGE' }])
    expect(machine.size).toBe(5)
    commit(machine, { ...del('key0', '\0'), withPrevious: false })
    expect(machine.size).toBe(0)
  })

  test('the bytes of the log may be used again: nothing of them is kept', () => {
    const machine = new KvStateMachine()
    const command = encodeCommand(put('a', 'mine'))
    machine.apply([{ index: 1, term: 1, command, session: null }])
    command.fill(0)
    expect(contentOf(machine)).toEqual(['a=mine@2/2/1'])
  })

  test('whatever the bytes, there is an answer', () => {
    const hostile = fc.oneof(
      fc.uint8Array({ maxLength: 40 }),
      fc.uint8Array({ maxLength: 12 }).map((rest) => concat([Uint8Array.of(1, 1, 0), rest])),
      fc.nat(12).map((length) => encodeCommand(put('key', 'v')).subarray(0, length)),
    )
    const property = fc.property(hostile, (command) => {
      expect(commit(new KvStateMachine(), command)[0]).not.toBeNull()
      expect(() => decodeAnswer(command)).not.toThrow()
    })
    fc.assert(property, { seed: 3, numRuns: 1000 })
  })

  test('commands and answers come back as they were', () => {
    for (const command of [put('k', 'v'), del('a', 'b'), { ...put('k'), withPrevious: false }]) {
      expect(decodeCommand(encodeCommand(command))).toEqual(command)
    }
    const refused = { type: 'refused', code: 'ERR_QUORATE_KV_MALFORMED', message: 'no' } as const
    expect(decodeAnswer(encodeAnswer(refused))).toEqual(refused)
  })
})

describe('Snapshots', () => {
  test.each([1, 7, 100, 1_000_000])('restore the same state from pieces of %i bytes', async (pieceBytes) => {
    const machine = machineWith(20, 30)
    commit(machine, del('key3'), put('key4', 'again'))
    const restored = new KvStateMachine()
    await restored.restore(inPieces(concat(await collect(machine.snapshot())), pieceBytes))
    expect([restored.revision, contentOf(restored)]).toEqual([machine.revision, contentOf(machine)])
    expect(commit(restored, put('key4'))).toEqual(commit(machine, put('key4')))
  })

  test('are of the moment when they were asked for, although they are read later', async () => {
    const machine = machineWith(10, 3)
    const before = contentOf(machine)
    const snapshot = machine.snapshot()
    commit(machine, del('key0', 'key5'), put('key9', 'later'), put('new'))
    const restored = new KvStateMachine()
    await restored.restore(snapshot)
    expect([restored.revision, contentOf(restored)]).toEqual([11, before])
  })

  test('come in pieces of at most 256 KiB, even where one value is larger', async () => {
    const machine = machineWith(3, 600_000)
    const pieces = await collect(machine.snapshot())
    expect(Math.max(...pieces.map(({ length }) => length))).toBe(256 * 1024)
    const restored = new KvStateMachine()
    await restored.restore(inPieces(concat(pieces), 65_536))
    expect(contentOf(restored)).toEqual(contentOf(machine))
  })

  test('an empty store has one, too', async () => {
    const restored = machineWith(3, 1)
    await restored.restore(new KvStateMachine().snapshot())
    expect([restored.revision, restored.size]).toEqual([1, 0])
  })

  test('that are cut short, go on too long or are not in order are refused and leave the store alone', async () => {
    const whole = concat(await collect(machineWith(2, 1).snapshot()))
    const swapped = whole.slice()
    swapped.set(whole.subarray(51, 82), 20)
    const broken: [Uint8Array, string][] = [
      [whole.subarray(0, 10), 'the snapshot ends within the header'],
      [whole.subarray(0, -1), 'the snapshot ends within pair 2 of 2'],
      [concat([whole, Uint8Array.of(0)]), 'bytes follow the last pair'],
      [swapped, 'pair 2 of 2 is out of order'],
      [Uint8Array.from(whole, (byte, i) => (i === 0 ? byte ^ 1 : byte)), 'no snapshot of a key/value store'],
      [Uint8Array.from(whole, (byte, i) => (i === 4 ? 2 : byte)), 'has format 2, and this program reads 1'],
    ]
    const machine = machineWith(1, 1)
    for (const [snapshot, reason] of broken) {
      await expect(machine.restore(inPieces(snapshot, 13))).rejects.toThrow(reason)
    }
    expect(contentOf(machine)).toEqual(['key0=v@2/2/1'])
  })
})
