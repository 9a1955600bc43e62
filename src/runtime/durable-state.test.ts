// A durable state machine behind the table of sessions: what it is given again after a crash, and what it is not.
import fc from 'fast-check'
import { beforeEach, describe, expect, test } from 'vitest'
import { ReplicatedState } from './replicated-state.ts'
import { command, open, tick } from './sessions/testing/words.ts'
import { DurableJournal, JournalStore } from './testing/durable-journal.ts'
import { Journal } from './testing/journal.ts'
import { collect, entriesOf, inPieces, type Line, wordsOf } from './testing/lines.ts'
import { history, linesOf, model } from './testing/session-model.ts'
import { TestClock } from './testing/test-clock.ts'
import { WatchedMachine } from './watch/watched-machine.ts'

const clock = new TestClock()

describe('a durable machine', () => {
  let store: JournalStore
  let state: ReplicatedState
  let machine: DurableJournal

  /** A new life on what the store holds, at a snapshot if there was one. */
  async function reopen(lastIndex: number, snapshot?: { readonly index: number; readonly bytes: Uint8Array }) {
    machine = new DurableJournal(clock, store)
    state = new ReplicatedState(machine)
    const start = snapshot && { index: snapshot.index, source: inPieces(snapshot.bytes, 5) }
    await state.start(start ?? null, lastIndex)
  }

  async function applyFrom(index: number, ...lines: Line[]): Promise<string[]> {
    return (await state.apply(entriesOf(lines, index))).map(wordsOf)
  }

  beforeEach(async () => {
    store = new JournalStore()
    await reopen(0)
  })

  test('is given again only what its store has lost', async () => {
    for (const [i, line] of ['a', 'b', 'c'].entries()) await applyFrom(i + 1, line)
    store.crash(1)
    await reopen(3)
    await applyFrom(1, 'a', 'b', 'c', 'd')
    expect(machine).toMatchObject({ lines: ['a', 'b', 'c', 'd'], given: 2, appliedIndex: 4 })
  })

  test('that is ahead of the snapshot keeps its state, and the sessions are read from it', async () => {
    await applyFrom(1, [0, open(1000)], [0, command(1, 1, 0, 'x')])
    const bytes = await collect(state.snapshot())
    await applyFrom(3, 'y')
    store.crash(0)
    await reopen(3, { index: 2, bytes })
    expect(await applyFrom(3, 'y', [0, command(1, 1, 0, 'x')])).toEqual(['ANSWER_LOST unknown', '1'])
    expect(machine).toMatchObject({ lines: ['x', 'y'], given: 0, restored: 0 })
  })

  test('that holds what the snapshot holds is not restored', async () => {
    await applyFrom(1, 'x')
    const bytes = await collect(state.snapshot())
    store.crash(0)
    await reopen(1, { index: 1, bytes })
    expect(machine).toMatchObject({ lines: ['x'], restored: 0 })
  })

  test('that a snapshot has put back is given what follows on that', async () => {
    await applyFrom(1, 'x')
    const bytes = await collect(state.snapshot())
    await applyFrom(2, 'y')
    store.crash(0)
    await reopen(2)
    await state.restore(inPieces(bytes, 9), 1)
    await applyFrom(2, 'other')
    expect(machine.lines).toEqual(['x', 'other'])
  })

  test('that is behind the snapshot is restored from it', async () => {
    await applyFrom(1, 'x')
    await applyFrom(2, 'y')
    const bytes = await collect(state.snapshot())
    store.crash(1)
    await reopen(2, { index: 2, bytes })
    expect(machine).toMatchObject({ lines: ['x', 'y'], restored: 1, appliedIndex: 2 })
  })

  test('that is ahead of the log is refused: one of the two is not this server’s', async () => {
    await applyFrom(1, 'x', 'y')
    await expect(reopen(1)).rejects.toThrow("has applied entry 2, and the log in this server's folder ends with 1")
  })

  test.each([Number.NaN, -1, 0.5, '3'])('whose index is %s is refused', async (index) => {
    const odd = Object.defineProperty(new Journal(clock), 'appliedIndex', { value: index })
    await expect(new ReplicatedState(odd).start(null, 9)).rejects.toThrow(`appliedIndex is ${index}`)
  })

  test('that does not store the index of a snapshot is refused before it would be given too much', async () => {
    const bytes = await collect(state.snapshot())
    const forgetful = Object.assign(new Journal(clock), { appliedIndex: 0 })
    const restoring = new ReplicatedState(forgetful).restore(inPieces(bytes, 100), 7)
    await expect(restoring).rejects.toThrow('given a snapshot of entry 7, and its appliedIndex is 0')
  })

  test('has no answer for the retry of a command that it applied in an earlier life', async () => {
    const lines: Line[] = [
      [0, open(1000)],
      [0, command(1, 1, 0, 'x')],
    ]
    await applyFrom(1, ...lines)
    store.crash(0)
    await reopen(2)
    await applyFrom(1, ...lines)
    const [retry] = await state.apply(entriesOf([[0, command(1, 1, 0, 'x')]], 3))
    expect(retry).toMatchObject({ code: 'ERR_QUORATE_ANSWER_LOST', applied: 'unknown' })
    expect(String(retry)).toContain('command 1 of session 1 was applied, but its answer is no longer known')
    expect(machine).toMatchObject({ lines: ['x'], given: 0 })
  })

  test('stores the end of a session for which no command comes', async () => {
    await applyFrom(1, [0, open(1000)], [2000, tick])
    expect(store.latest).toEqual({ index: 2, lines: ['session 1 closed'] })
    store.crash(0)
    await reopen(2)
    await applyFrom(1, [0, open(1000)], [2000, tick])
    expect(machine.lines).toEqual(['session 1 closed'])
  })

  test('hears again of the end of a session that it had not stored', async () => {
    await applyFrom(1, [0, open(1000)], 'x')
    machine.sessionsClosed([1], { index: 3, term: 1 })
    store.crash(0)
    await reopen(3)
    await applyFrom(1, [0, open(1000)], 'x', [2000, tick])
    expect(machine.lines).toEqual(['x', 'session 1 closed'])
  })

  test('stores the end of a session and the command of the same entry as one', async () => {
    await applyFrom(1, [0, open(1000)], [0, open(9000)], [2000, command(2, 1, 0, 'x')])
    expect(store.latest).toEqual({ index: 3, lines: ['session 1 closed', 'x'] })
    store.crash(1)
    expect(store.latest).toEqual({ index: 0, lines: [] })
  })

  test('without an ear for sessions is asked for no empty transaction', async () => {
    Object.assign(machine, { sessionsClosed: undefined })
    state = new ReplicatedState(new WatchedMachine(machine, clock))
    await applyFrom(1, 'x', [0, open(1000)], [2000, tick])
    expect(machine.appliedIndex).toBe(1)
  })

  test('makes no whole with the table of sessions until that has caught up', async () => {
    await applyFrom(1, 'x', 'y')
    store.crash(0)
    await reopen(2)
    await applyFrom(1, 'x')
    expect([1, 2].map((index) => state.isWholeAt(index))).toEqual([false, true])
  })
})

/** As `serve`, but its machine is durable: it crashes where `crashes` say, with so many transactions lost. */
async function serveDurably(lines: readonly Line[], batches: readonly number[], crashes: readonly (number | null)[]) {
  const store = new JournalStore()
  let machine = new DurableJournal(clock, store)
  let served = new ReplicatedState(machine)
  let snapshot = { index: 0, bytes: await collect(served.snapshot()) }
  const told: string[] = []
  for (let at = 0, round = 0, reached = 0; at < lines.length; round++) {
    const size = batches[round % batches.length] ?? 1
    const outcomes = await served.apply(entriesOf(lines.slice(at, at + size), at + 1))
    outcomes.forEach((outcome, k) => {
      if (outcome !== null) told[at + k] = wordsOf(outcome)
    })
    at += outcomes.length
    reached = Math.max(reached, at)
    const crash = crashes[round] ?? null
    if (crash === null && round % 3 === 0 && served.isWholeAt(at)) {
      snapshot = { index: at, bytes: await collect(served.snapshot()) }
    }
    if (crash === null) continue
    store.crash(crash)
    machine = new DurableJournal(clock, store)
    served = new ReplicatedState(machine)
    await served.start({ index: snapshot.index, source: inPieces(snapshot.bytes, 7) }, reached)
    at = snapshot.index
  }
  return { journal: machine.lines, told }
}

test('wherever a durable machine crashes: what it holds in the end is what the log says, each command once', async () => {
  const batches = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 5 })
  const crashes = fc.array(fc.constantFrom(null, null, 0, 1, 2, 3), { maxLength: 20 })
  await fc.assert(
    fc.asyncProperty(history, batches, crashes, async (drawn, sizes, crashed) => {
      const lines = linesOf(drawn)
      const expected = model(lines)
      const { journal: held, told } = await serveDurably(lines, sizes, crashed)
      expect(held).toEqual(expected.journal)
      // An answer may be forgotten by then, but none is another one.
      const isCommand = (line: Line): boolean => typeof line === 'string' || line[1].type === 'command'
      const wrong = lines.flatMap((line, i) => {
        const isRight = told[i] === expected.told[i] || told[i] === 'ANSWER_LOST unknown'
        return isCommand(line) && !isRight ? [`${told[i]} instead of ${expected.told[i]}`] : []
      })
      expect(wrong).toEqual([])
    }),
    { numRuns: 400 },
  )
})
