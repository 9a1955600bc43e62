import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { concat, toHex, utf8Encode } from '../util/bytes.ts'
import { command, decodeAnswer, decodeCommand, encodeAnswer, encodeCommand, type RecipeCommand } from './command.ts'
import { MAX_REMEMBERED_CHANGES } from './maps.ts'
import { MAX_KEY_BYTES, MAX_NAME_BYTES, MAX_VALUE_BYTES, RecipeStateMachine } from './recipe-state-machine.ts'
import { MAX_QUEUE_LENGTH } from './turns.ts'

/** A machine and the log before it. */
class Bench {
  readonly machine: RecipeStateMachine
  index: number

  constructor(machine: RecipeStateMachine = new RecipeStateMachine(), index = 0) {
    this.machine = machine
    this.index = index
  }

  commit(what: RecipeCommand | Uint8Array, session: number | null = null) {
    const bytes = what instanceof Uint8Array ? what : encodeCommand(what)
    const [answer] = this.machine.apply([{ index: ++this.index, term: 1, command: bytes, session }])
    return decodeAnswer(answer ?? new Uint8Array(0))
  }

  join(session: number, onlyIfFree = false) {
    return this.commit(command('joinLock', 'l', { onlyIfFree }), session)
  }

  close(...ids: number[]): void {
    this.machine.sessionsClosed(ids, { index: ++this.index, term: 1 })
  }

  /** `session@token`, or nobody. */
  get holder(): string {
    const turn = this.machine.holder('lock', 'l')
    return turn === null ? 'nobody' : `${turn.session}@${turn.token}`
  }

  set(key: string, text: string) {
    return this.commit(command('set', 'm', { key, value: utf8Encode(text) }))
  }
}

async function bytesOf(machine: RecipeStateMachine): Promise<Uint8Array> {
  const pieces: Uint8Array[] = []
  for await (const piece of machine.snapshot()) pieces.push(piece)
  return concat(pieces)
}

async function restored(bytes: Uint8Array): Promise<RecipeStateMachine> {
  const machine = new RecipeStateMachine()
  await machine.restore(
    (async function* () {
      for (let i = 0; i < bytes.length; i += 5) yield bytes.subarray(i, i + 5)
    })(),
  )
  return machine
}

describe('a queue', () => {
  test('is served in the order of the log, whoever leaves in between', () => {
    const bench = new Bench()
    for (const session of [11, 12, 13]) bench.join(session)
    expect(bench.holder).toBe('11@1')
    bench.close(12)
    expect(bench.holder).toBe('11@1')
    bench.close(11)
    expect(bench.holder).toBe('13@5')
    bench.close(13)
    expect(bench.holder).toBe('nobody')
  })

  test('does not give one token twice, even for two grants at one index', () => {
    const bench = new Bench()
    for (const session of [11, 12, 13]) bench.join(session)
    bench.machine.sessionsClosed([11], { index: 9, term: 1 })
    bench.machine.sessionsClosed([12], { index: 9, term: 1 })
    expect(bench.holder).toBe('13@10')
  })

  test('is not joined by who wants it only if it is free', () => {
    const bench = new Bench()
    expect(bench.join(11, true).type).toBe('done')
    expect(bench.join(12, true)).toMatchObject({ type: 'conflict', revision: 1 })
    bench.close(11)
    expect(bench.holder).toBe('nobody')
  })

  test('holds a session once, needs one, and has an end', () => {
    const bench = new Bench()
    bench.join(1)
    bench.join(1)
    bench.close(1)
    expect(bench.holder).toBe('nobody')
    expect(bench.commit(command('joinLock', 'l')).type).toBe('refused')
    for (let session = 1; session <= MAX_QUEUE_LENGTH; session++) bench.join(session)
    expect(bench.join(5000)).toMatchObject({ type: 'refused', reason: `${MAX_QUEUE_LENGTH} wait for it already` })
  })

  test('of an election is not that of a lock of the same name', () => {
    const bench = new Bench()
    bench.join(1)
    bench.commit(command('joinElection', 'l', { value: utf8Encode('me') }), 2)
    expect(bench.machine.holder('election', 'l')).toEqual({ session: 2, value: 'me', token: 2 })
    expect(bench.holder).toBe('1@1')
  })

  test('has one holder, and tokens only grow, whatever happens', () => {
    const step = fc.record({
      kind: fc.constantFrom('join', 'try', 'close', 'restore'),
      session: fc.integer({ min: 1, max: 6 }),
    })
    const property = fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
      let bench = new Bench()
      let [last, token] = [0, 0]
      const queue: number[] = []
      for (const { kind, session } of steps) {
        if (kind === 'restore') bench = new Bench(await restored(await bytesOf(bench.machine)), bench.index)
        if (kind === 'join' || (kind === 'try' && queue.length === 0)) if (!queue.includes(session)) queue.push(session)
        if (kind === 'join' || kind === 'try') bench.join(session, kind === 'try')
        if (kind === 'close') bench.close(session)
        if (kind === 'close' && queue.includes(session)) queue.splice(queue.indexOf(session), 1)
        const turn = bench.machine.holder('lock', 'l')
        expect(turn?.session).toBe(queue[0])
        if (turn === null) last = 0
        else if (turn.session === last) expect(turn.token).toBe(token)
        else expect(turn.token).toBeGreaterThan(token)
        if (turn !== null) [last, token] = [turn.session, turn.token]
      }
    })
    return fc.assert(property, { seed: 7, numRuns: 300 })
  })
})

describe('a map', () => {
  test('sets by revision, and tells the one that is there', () => {
    const bench = new Bench()
    expect(bench.set('k', 'one').revision).toBe(1)
    const swap = (expectedRevision: number) =>
      bench.commit(command('compareAndSet', 'm', { key: 'k', expectedRevision }))
    expect(swap(0)).toMatchObject({ type: 'conflict', revision: 1 })
    expect(swap(1)).toMatchObject({ type: 'done', revision: 3 })
  })

  test('tells of a deletion whether there was something', () => {
    const bench = new Bench()
    bench.set('k', 'one')
    expect(bench.commit(command('delete', 'm', { key: 'k' })).revision).toBe(2)
    expect(bench.commit(command('delete', 'm', { key: 'k' })).revision).toBe(0)
    expect(bench.machine.entries('m')).toEqual([])
  })

  test('remembers its changes, in order, but not for ever', () => {
    const bench = new Bench()
    for (let i = 1; i <= MAX_REMEMBERED_CHANGES; i++) bench.set(`k${i % 7}`, `${i}`)
    expect(
      bench.machine
        .changesAfter('m', 0)
        .map(({ revision }) => revision)
        .slice(0, 3),
    ).toEqual([1, 2, 3])
    bench.set('k', 'one too many')
    expect(() => bench.machine.changesAfter('m', 0)).toThrow('changes up to revision 1 are no longer remembered')
    expect(bench.machine.changesAfter('m', 1)).toHaveLength(MAX_REMEMBERED_CHANGES)
  })

  test('keeps nothing of the bytes of the log', () => {
    const bench = new Bench()
    const bytes = encodeCommand(command('set', 'm', { key: 'k', value: utf8Encode('mine') }))
    bench.commit(bytes)
    bytes.fill(0)
    expect(bench.machine.get('m', 'k')?.value).toEqual(utf8Encode('mine'))
  })
})

describe('a command', () => {
  test.each([
    ['name', command('set', 'n'.repeat(MAX_NAME_BYTES + 1))],
    ['key', command('set', 'm', { key: 'k'.repeat(MAX_KEY_BYTES + 1) })],
    ['value', command('set', 'm', { value: new Uint8Array(MAX_VALUE_BYTES + 1) })],
    ['name is empty', command('set', '')],
  ])('is refused when its %s is not as it should be', (what, wrong) => {
    const bench = new Bench()
    const answer = bench.commit(wrong)
    expect(answer.type).toBe('refused')
    expect(answer.reason).toContain(what)
    expect(bench.machine.revision).toBe(0)
  })

  test('of any bytes is answered, and read only if it is one', () => {
    const whole = encodeCommand(command('set', 'm', { key: 'k' }))
    expect(decodeCommand(whole)).toEqual(command('set', 'm', { key: 'k' }))
    expect(decodeCommand(concat([whole, Uint8Array.of(0)]))).toBeNull()
    const hostile = fc.oneof(
      fc.uint8Array({ maxLength: 40 }),
      fc.nat(whole.length - 1).map((length) => whole.subarray(0, length)),
    )
    fc.assert(
      fc.property(hostile, (bytes) => {
        expect(new Bench().commit(bytes, 1).type).toBe('refused')
        expect(() => decodeAnswer(bytes)).not.toThrow()
      }),
      { seed: 3, numRuns: 500 },
    )
    const answer = { type: 'conflict', revision: 9, reason: 'x' } as const
    expect(decodeAnswer(encodeAnswer(answer))).toEqual(answer)
  })
})

describe('a snapshot', () => {
  test('restores the same, byte for byte, and goes on the same', async () => {
    const bench = new Bench()
    for (const session of [11, 12]) bench.join(session)
    for (const key of ['a', 'b', 'c']) bench.set(key, key)
    bench.commit(command('delete', 'm', { key: 'b' }))
    const copy = new Bench(await restored(await bytesOf(bench.machine)), bench.index)
    for (const each of [bench, copy]) each.set('b', 'again')
    for (const each of [bench, copy]) each.close(11)
    expect(toHex(await bytesOf(copy.machine))).toBe(toHex(await bytesOf(bench.machine)))
    expect(copy.holder).toBe('12@8')
  })

  test('knows the last token, although nobody holds anything', async () => {
    const bench = new Bench()
    for (const session of [11, 12, 13]) bench.join(session)
    for (const session of [11, 12, 13]) bench.machine.sessionsClosed([session], { index: 4, term: 1 })
    const copy = new Bench(await restored(await bytesOf(bench.machine)), 4)
    copy.join(14)
    expect(copy.holder).toBe('14@6')
  })

  test('is of the moment when it was asked for', async () => {
    const bench = new Bench()
    const snapshot = bytesOf(bench.machine)
    bench.set('k', 'later')
    expect((await restored(await snapshot)).entries('m')).toEqual([])
  })

  test('has no changes for those who watch', async () => {
    const bench = new Bench()
    for (const key of ['a', 'b']) bench.set(key, key)
    const machine = await restored(await bytesOf(bench.machine))
    expect(machine.changesAfter('m', 2)).toEqual([])
    expect(() => machine.changesAfter('m', 1)).toThrow('those behind 1 are wanted')
  })

  test('that is cut off, or of another version, is refused and changes nothing', async () => {
    const bench = new Bench()
    bench.set('k', 'v')
    const bytes = await bytesOf(bench.machine)
    await expect(restored(bytes.subarray(0, bytes.length - 1))).rejects.toThrow('cut off')
    await expect(restored(Uint8Array.of(9))).rejects.toThrow('version 9')
  })
})
