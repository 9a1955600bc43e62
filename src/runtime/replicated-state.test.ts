import fc from 'fast-check'
import { beforeEach, describe, expect, test } from 'vitest'
import { type Entry, encodeEntries } from '../raft/entry.ts'
import { concat, toHex, utf8Decode, utf8Encode } from '../util/bytes.ts'
import { type Outcome, ReplicatedState } from './replicated-state.ts'
import { encodeOperation, type SessionOperation, stampLogTime } from './sessions/session-entry.ts'
import { close, command, keepAlive, open, tick, wordsOfError } from './sessions/testing/words.ts'
import { DurableJournal, JournalStore } from './testing/durable-journal.ts'
import { Journal } from './testing/journal.ts'
import { TestClock } from './testing/test-clock.ts'

let clock: TestClock
let journal: Journal
let state: ReplicatedState

beforeEach(() => {
  clock = new TestClock()
  journal = new Journal(clock)
  state = new ReplicatedState(journal)
})

/** A plain command, or what a session says at a log time. */
type Line = string | readonly [logTime: number, operation: SessionOperation]

function entriesOf(lines: readonly Line[], firstIndex = 1): Entry[] {
  return lines.flatMap((line, i) => {
    if (typeof line === 'string') return encodeEntries([utf8Encode(line)], 'command', 1, firstIndex + i)
    const payload = encodeOperation(line[1])
    stampLogTime(payload, line[0])
    return encodeEntries([payload], 'session', 1, firstIndex + i)
  })
}

function wordsOf(outcome: Outcome | undefined): string {
  if (outcome instanceof Error) return wordsOfError(outcome)
  if (outcome === null || outcome === undefined) return '-'
  return outcome.length < 100 ? (utf8Decode(outcome) ?? 'no text') : `${outcome.length} bytes`
}

async function apply(...lines: Line[]): Promise<string[]> {
  const applying = Promise.resolve(state.apply(entriesOf(lines)))
  await clock.advance(1000)
  return (await applying).map(wordsOf)
}

async function collect(source: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const pieces: Uint8Array[] = []
  for await (const piece of source) pieces.push(piece)
  return concat(pieces)
}

async function* inPieces(whole: Uint8Array, pieceBytes: number): AsyncGenerator<Uint8Array> {
  for (let offset = 0; offset < whole.length; offset += pieceBytes) yield whole.slice(offset, offset + pieceBytes)
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
    expect(outcomes[2]).toBe('ANSWER_TOO_LARGE unknown')
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

describe('a durable machine', () => {
  let store: JournalStore
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
    expect(await applyFrom(3, 'y', [0, command(1, 1, 0, 'x')])).toEqual(['ANSWER_TOO_LARGE unknown', '1'])
    expect(machine).toMatchObject({ lines: ['x', 'y'], given: 0, restored: 0 })
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
    expect(retry).toMatchObject({ code: 'ERR_QUORATE_ANSWER_TOO_LARGE', applied: 'unknown' })
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

// ── Against a simple model ──────────────────────────────────────────────────────────────────────────────────────────

/** What happens in the log: drawn from few sessions and few serials, so that copies and clashes are the rule. */
const session = fc.integer({ min: 1, max: 5 })
const serial = fc.integer({ min: 1, max: 6 })
const operation: fc.Arbitrary<SessionOperation> = fc.oneof(
  { weight: 2, arbitrary: fc.integer({ min: 1000, max: 3000 }).map(open) },
  {
    weight: 8,
    arbitrary: fc.tuple(session, serial, serial).map(([id, number, other]) => {
      return command(id, number, Math.min(other - 1, number - 1), `${id}/${number}`)
    }),
  },
  { weight: 1, arbitrary: fc.tuple(session, serial).map(([id, number]) => keepAlive(id, number - 1)) },
  { weight: 1, arbitrary: session.map(close) },
  { weight: 1, arbitrary: fc.constant(tick) },
)
/** Time passes, or a new leader does not know it yet. */
const history = fc.array(
  fc.oneof(
    { weight: 1, arbitrary: fc.constant('plain') },
    { weight: 6, arbitrary: fc.tuple(fc.constantFrom(-1, 0, 0, 50, 400), operation) },
  ),
  { maxLength: 60 },
)

function linesOf(drawn: readonly (string | readonly [number, SessionOperation])[]): Line[] {
  let time = 0
  const opened = [1000, 2000, 3000].map((ttlMs): Line => [0, open(ttlMs)])
  const others = drawn.map((one): Line => {
    if (typeof one === 'string') return one
    time += Math.max(one[0], 0)
    return [one[0] < 0 ? 0 : time, one[1]]
  })
  return [...opened, ...others]
}

interface ModelSession {
  readonly id: number
  readonly ttlMs: number
  activeAt: number
  completed: number
  readonly answers: Map<number, string>
}

/** The rules, one entry at a time, without any thought of speed. @returns the journal and what everybody is told */
function model(lines: readonly Line[]): { readonly journal: string[]; readonly told: string[] } {
  const written: string[] = []
  let sessions: ModelSession[] = []
  let time = 0
  const end = (isEnded: (one: ModelSession) => boolean): void => {
    written.push(...sessions.filter(isEnded).map(({ id }) => `session ${id} closed`))
    sessions = sessions.filter((one) => !isEnded(one))
  }
  const told = lines.map((line, i) => {
    if (typeof line === 'string') return String(written.push(line))
    const [logTime, asked] = line
    time = Math.max(time, logTime)
    const closing = asked.type === 'close' ? asked.session : 0
    end(({ id, activeAt, ttlMs }) => time > activeAt + ttlMs || id === closing)
    if (asked.type === 'open') {
      sessions.push({ id: i + 1, ttlMs: asked.ttlMs, activeAt: time, completed: 0, answers: new Map() })
    }
    if (asked.type !== 'command' && asked.type !== 'keepAlive') return 'done'
    const one = sessions.find(({ id }) => id === asked.session)
    if (one === undefined) return 'SESSION_EXPIRED no'
    one.activeAt = time
    one.completed = Math.max(one.completed, asked.completed)
    if (asked.type === 'keepAlive') return 'done'
    if (asked.serial <= one.completed) return 'OUTCOME_UNKNOWN unknown'
    const answer = one.answers.get(asked.serial) ?? String(written.push(utf8Decode(asked.command) ?? ''))
    one.answers.set(asked.serial, answer)
    return answer
  })
  return { journal: written, told }
}

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
        const isRight = told[i] === expected.told[i] || told[i] === 'ANSWER_TOO_LARGE unknown'
        return isCommand(line) && !isRight ? [`${told[i]} instead of ${expected.told[i]}`] : []
      })
      expect(wrong).toEqual([])
    }),
    { numRuns: 400 },
  )
})
