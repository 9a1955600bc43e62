import fc from 'fast-check'
import { beforeEach, describe, expect, test } from 'vitest'
import { type Entry, encodeEntries } from '../raft/entry.ts'
import { toHex, utf8Encode } from '../util/bytes.ts'
import { ReplicatedState } from './replicated-state.ts'
import { close, command, keepAlive, open, tick } from './sessions/testing/words.ts'
import { Journal } from './testing/journal.ts'
import { collect, entriesOf, inPieces, type Line, wordsOf } from './testing/lines.ts'
import { history, linesOf, model } from './testing/session-model.ts'
import { TestClock } from './testing/test-clock.ts'

let clock: TestClock
let journal: Journal
let state: ReplicatedState

beforeEach(() => {
  clock = new TestClock()
  journal = new Journal(clock)
  state = new ReplicatedState(journal)
})

async function apply(...lines: Line[]): Promise<string[]> {
  const applying = Promise.resolve(state.apply(entriesOf(lines)))
  await clock.advance(1000)
  return (await applying).map(wordsOf)
}

describe.each([0, 10])('a batch, to a machine that takes %d ms', (applyMs) => {
  beforeEach(() => {
    journal.applyMs = applyMs
  })

  test('of plain commands reaches it as it is', async () => {
    expect(await apply('a', 'b')).toEqual(['1', '2'])
    expect(journal.lines).toEqual(['a', 'b'])
  })

  test('with a command and its copies applies it once, and all are told the same', async () => {
    const copies = Array.from({ length: 3 }, (): Line => [0, command(1, 1, 0, 'x')])
    expect((await apply([0, open(1000)], ...copies, 'plain')).slice(1)).toEqual(['1', '1', '1', '2'])
    expect(journal.lines).toEqual(['x', 'plain'])
  })

  test('is cut where a session ends, so that the machine hears of it in its place', async () => {
    await apply([0, open(1000)], [0, open(9000)], 'before', [0, close(1)], 'between', [9001, tick], 'behind')
    expect(journal.lines).toEqual(['before', 'session 1 closed', 'between', 'session 2 closed', 'behind'])
  })

  test('lets a session end before the command whose entry moved the time', async () => {
    await apply([0, open(1000)], [0, open(9000)], [2000, command(2, 1, 0, 'x')])
    expect(journal.lines).toEqual(['session 1 closed', 'x'])
  })

  test('in which a command is answered, let go of and asked for again says that nobody can tell', async () => {
    const lines: Line[] = [
      [0, command(1, 1, 0, 'x')],
      [0, keepAlive(1, 1)],
      [0, command(1, 1, 0, 'x')],
    ]
    expect((await apply([0, open(1000)], ...lines))[3]).toBe('OUTCOME_UNKNOWN unknown')
  })

  test('says of an answer that was too large to keep that it was', async () => {
    journal.answer = () => new Uint8Array(2 ** 20)
    const outcomes = await apply([0, open(1000)], [0, command(1, 1)], [0, command(1, 1)])
    expect(outcomes[2]).toBe('ANSWER_LOST unknown')
    expect(journal.lines).toHaveLength(1)
  })

  test('with a copy in front of the end of its session still has the answer for it', async () => {
    await apply([0, open(1000)], [0, command(1, 1, 0, 'x')])
    expect((await apply([0, command(1, 1, 0, 'x')], [0, close(1)], [0, command(1, 1, 0, 'x')])).slice(0, 3)).toEqual([
      '1',
      '',
      'SESSION_EXPIRED no',
    ])
  })

  test('in which sessions end has room again for the answers of others', async () => {
    journal.answer = () => new Uint8Array(2 ** 20 - 64)
    const used = Array.from({ length: 20 }, (_, i): Line[] => {
      const id = 3 * i + 1
      return [
        [0, open(1000)],
        [0, command(id, 1)],
        [0, close(id)],
      ]
    })
    const outcomes = await apply(...used.flat(), [0, open(1000)], [0, command(61, 1)], [0, command(61, 1)])
    expect(outcomes.at(-1)).toBe(`${2 ** 20 - 64} bytes`)
  })

  test('gives no answers to what is nobody’s command', async () => {
    const entries = [...encodeEntries([new Uint8Array(0)], 'noop', 1, 1), ...entriesOf(['a'], 2)]
    const applying = Promise.resolve(state.apply(entries))
    await clock.advance(100)
    expect((await applying).map(wordsOf)).toEqual(['-', '1'])
  })
})

test('the machine sees whose a command is, and the command without its wrapping', async () => {
  const seen: unknown[] = []
  journal.answer = (line) => utf8Encode(line)
  const original = journal.apply.bind(journal)
  journal.apply = (entries) => {
    seen.push(...entries.map(({ index, session }) => [index, session]))
    return original(entries)
  }
  await apply('plain', [0, open(1000)], [0, command(2, 1, 0, 'mine')])
  expect(seen).toEqual([
    [1, null],
    [3, 2],
  ])
  expect(journal.lines).toEqual(['plain', 'mine'])
})

test('a machine without an ear for the end of sessions is not told', async () => {
  Object.assign(journal, { sessionsClosed: undefined })
  expect(await apply([0, open(1000)], [2000, tick], 'x')).toHaveLength(3)
  expect(journal.lines).toEqual(['x'])
})

test('an entry that this program cannot read stops it rather than being skipped', () => {
  const [entry] = encodeEntries([new Uint8Array([99])], 'session', 1, 5)
  expect(() => state.apply([entry as Entry])).toThrow("entry 5 is no session's")
})

describe('a snapshot', () => {
  test.each([1, 3, 1000])('is taken in from pieces of %d bytes', async (pieceBytes) => {
    await apply([0, open(1000)], [0, command(1, 1, 0, 'x')], 'y')
    const bytes = await collect(state.snapshot())
    const other = new ReplicatedState(new Journal(clock))
    await other.restore(inPieces(bytes, pieceBytes), 3)
    expect(toHex(await collect(other.snapshot()))).toBe(toHex(bytes))
    expect((await other.apply(entriesOf([[0, command(1, 1, 0, 'x')]], 9))).map(wordsOf)).toEqual(['1'])
  })

  test('shows the state at the call, though it is read later', async () => {
    await apply([0, open(1000)])
    const before = await collect(state.snapshot())
    const snapshot = state.snapshot()
    await apply([0, command(1, 1, 0, 'x')], 'y')
    expect(toHex(await collect(snapshot))).toBe(toHex(before))
  })

  test('of a machine with no bytes at all is taken in', async () => {
    const bytes = await collect(state.snapshot())
    await state.restore(inPieces(bytes, 100), 1)
    expect(journal.lines).toEqual([])
  })

  test('that ends too early is refused, and its source let go of', async () => {
    const bytes = await collect(state.snapshot())
    await expect(state.restore(inPieces(bytes.subarray(0, -1), 4), 1)).rejects.toMatchObject({
      code: 'ERR_QUORATE_SESSIONS_FORMAT',
    })
  })

  test('is let go of when the machine gives up reading it', async () => {
    let isOpen = true
    const source = (async function* () {
      try {
        for (let i = 0; i < 9; i++) yield await collect(new ReplicatedState(new Journal(clock)).snapshot())
      } finally {
        isOpen = false
      }
    })()
    journal.restore = async (pieces) => {
      for await (const _piece of pieces) throw new Error('enough')
    }
    await expect(state.restore(source, 1)).rejects.toThrow('enough')
    expect(isOpen).toBe(false)
  })
})

/** A server of its own, which is given the log in batches of its own, and may start from a snapshot on the way. */
async function serve(lines: readonly Line[], batches: readonly number[], restartAt: number) {
  const told: string[] = []
  let machine = new Journal(clock)
  let served = new ReplicatedState(machine)
  for (let at = 0, i = 0; at < lines.length; i++) {
    const size = batches[i % batches.length] ?? 1
    const outcomes = await served.apply(entriesOf(lines.slice(at, at + size), at + 1))
    outcomes.forEach((outcome, k) => {
      const line = lines[at + k]
      const isCommand = typeof line === 'string' || line?.[1].type === 'command'
      told.push(isCommand || outcome instanceof Error ? wordsOf(outcome) : 'done')
    })
    const isPassed = at < restartAt && at + size >= restartAt
    at += size
    if (!isPassed) continue
    const bytes = await collect(served.snapshot())
    machine = new Journal(clock)
    served = new ReplicatedState(machine)
    await served.restore(inPieces(bytes, 7), at)
  }
  return { told, journal: machine.lines, bytes: toHex(await collect(served.snapshot())) }
}

test('whatever is lost, copied and reordered: each command once, the same answer each time, the same on every server', async () => {
  const batches = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 5 })
  await fc.assert(
    fc.asyncProperty(history, batches, batches, fc.nat({ max: 60 }), async (drawn, ours, theirs, restartAt) => {
      const lines = linesOf(drawn)
      const expected = model(lines)
      const one = await serve(lines, ours, 0)
      const other = await serve(lines, theirs, restartAt)
      expect({ journal: one.journal, told: one.told }).toEqual(expected)
      expect({ journal: other.journal, told: other.told }).toEqual(expected)
      expect(other.bytes).toBe(one.bytes)
      const applied = one.journal.filter((line) => line.includes('/'))
      expect(new Set(applied).size, 'applied twice').toBe(applied.length)
    }),
    { numRuns: 400 },
  )
})
