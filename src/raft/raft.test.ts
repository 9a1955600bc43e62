// Promises of the class as a whole; what servers say to each other is in the scripts.

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Random } from '../util/random.ts'
import { NOBODY } from './configuration.ts'
import type { Entry } from './entry.ts'
import type { Message } from './message.ts'
import type { RaftOptions } from './options.ts'
import { Raft } from './raft.ts'
import { bootOf, voters } from './testing/boot.ts'
import { commandAt } from './testing/logs.ts'

const raft = (terms: string, options: Partial<RaftOptions> = {}): Raft =>
  new Raft({ ...options, id: 's1' }, bootOf(terms), new Random(1), 0)

describe('time', () => {
  test('the election time-out is drawn from its range, anew each time (Paper §5.2)', () => {
    const deadlines = Array.from({ length: 100 }, (_, seed) => {
      return new Raft({ id: 's1' }, bootOf(''), new Random(seed), 1000).nextDeadline() as number
    })
    expect(Math.min(...deadlines)).toBeGreaterThanOrEqual(1300)
    expect(Math.max(...deadlines)).toBeLessThan(1600)
    expect(new Set(deadlines).size).toBeGreaterThan(90)
  })

  test('a tick before the deadline does nothing', () => {
    const server = raft('1')
    server.tick((server.nextDeadline() as number) - 1)
    expect(server.hasReady()).toBe(false)
    server.tick(server.nextDeadline() as number)
    expect(server.takeReady().messages.map(({ message }) => message.type)).toEqual(['PreVote', 'PreVote'])
  })
})

describe('messages that are not for us', () => {
  test.each<[string, Partial<Message>]>([
    ['for somebody else', { to: 's2' }],
    ['from ourselves', { from: 's1' }],
  ])('%s: nothing happens', (_, change) => {
    const server = raft('1')
    const message = {
      type: 'RequestVote',
      from: 's2',
      to: 's1',
      term: 9,
      lastLogIndex: 9,
      lastLogTerm: 9,
      transfer: true,
    }
    server.step({ ...message, ...change } as Message, 1)
    expect([server.hasReady(), server.inspect().currentTerm]).toEqual([false, 1])
  })
})

describe('what no correct leader can send is refused, and somebody hears of it', () => {
  const append = (prev: number, ...entries: Entry[]): Message => ({
    type: 'AppendEntries',
    from: 's2',
    to: 's1',
    term: 5,
    prevLogIndex: prev,
    prevLogTerm: prev === 0 ? 0 : 1,
    entries,
    leaderCommit: 1,
    session: 1,
    readRound: 0,
    restMs: 0,
  })

  test.each<[string, Message]>([
    ['another entry in place of a committed one', append(0, commandAt(1, 4))],
    ['entries with a gap', append(1, commandAt(3, 1))],
    ['terms that fall', append(1, commandAt(2, 4), commandAt(3, 3))],
    ['an entry of a term that has not begun', append(1, commandAt(2, 6))],
  ])('%s', (_, message) => {
    const server = raft('1')
    server.step(append(1), 1)
    expect(server.inspect().commitIndex).toBe(1)
    server.takeReady()
    server.step(message, 2)
    const { events, messages } = server.takeReady()
    expect([events.map(({ type }) => type), messages]).toEqual([['contradiction'], []])
    expect(server.inspect().log.range()).toBe('(0, 1]')
  })
})

test('the same inputs give the same Ready, byte for byte', () => {
  const run = (): string => {
    const server = raft('1 1 2')
    server.tick(server.nextDeadline() as number)
    return JSON.stringify([server.takeReady(), server.nextDeadline()])
  }
  expect(run()).toBe(run())
})

/** Wins an election with the vote of s2; its disk confirms at once. */
function elected(terms: string, options: Partial<RaftOptions> = {}): Raft {
  const server = raft(terms, options)
  const now = server.nextDeadline() as number
  const { currentTerm: term } = server.inspect()
  const head = { from: 's2', to: 's1', granted: true }
  server.tick(now)
  server.step({ type: 'PreVoteReply', ...head, term, campaignTerm: term + 1 }, now)
  server.persisted(server.takeReady().persist?.seq ?? 0, now)
  server.step({ type: 'RequestVoteReply', ...head, term: term + 1 }, now)
  return server
}

/** A leader at rest; s2 has confirmed it, s3 was never heard. */
function atRest(terms: string): Raft {
  const server = elected(terms, { restAfterMs: 50 })
  for (let turn = 0; turn < 10 && !server.inspect().resting; turn++) {
    const { now } = server.inspect()
    const { persist, messages } = server.takeReady()
    if (persist !== null) server.persisted(persist.seq, now)
    for (const { message } of messages) {
      if (message.type !== 'AppendEntries' || message.to !== 's2') continue
      const { term, session, readRound, prevLogIndex, entries } = message
      const head = { type: 'AppendEntriesReply', from: 's2', to: 's1', term } as const
      const index = prevLogIndex + entries.length
      server.step({ ...head, session, readRound, success: true, index, hintTerm: 0, prevLogIndex }, now)
    }
    if (!server.hasReady()) server.tick(server.nextDeadline() ?? now)
  }
  return server
}

test('a majority that has everything lets a leader rest', () => {
  expect(['', '1 1 2'].map((terms) => atRest(terms).inspect().resting)).toEqual([true, true])
})

test('a majority of votes makes a leader (Paper §5.2)', () => {
  expect(['', '1 1 2'].map((terms) => elected(terms).inspect().role)).toEqual(['leader', 'leader'])
})

test('a voter’s first answer stands: a refusal does not become a vote by a second message', () => {
  const server = raft('')
  server.tick(server.nextDeadline() as number)
  const { now } = server.inspect()
  server.persisted(server.takeReady().persist?.seq ?? 0, now)
  const answer = (from: string, granted: boolean): string => {
    server.step({ type: 'RequestVoteReply', from, to: 's1', term: 1, granted }, now)
    return server.inspect().role
  }
  expect([answer('s2', false), answer('s2', true), answer('s3', true)]).toEqual(['candidate', 'candidate', 'leader'])
})

test('an acknowledgement of another session does not count: that record of the follower is gone', () => {
  const server = elected('1')
  const { session } = server.inspect().progress.get('s2') ?? { session: 0 }
  const reply = {
    type: 'AppendEntriesReply',
    from: 's2',
    to: 's1',
    term: 2,
    readRound: 0,
    success: true,
    index: 2,
  } as const
  const matchAfter = (session: number): number | undefined => {
    server.step({ ...reply, session, hintTerm: 0, prevLogIndex: 1 }, server.inspect().now)
    return server.inspect().progress.get('s2')?.matchIndex
  }
  expect([matchAfter(session + 1), matchAfter(session)]).toEqual([0, 2])
})

// Small numbers, so that they meet.
const number = fc.nat(6)
const id = fc.constantFrom('s2', 's3', 's9')
const head = { from: id, to: fc.constant('s1'), term: number }
const entries = fc.array(
  fc.tuple(number, number).map(([index, term]) => commandAt(index, term)),
  { maxLength: 4 },
)
const consecutive = fc
  .tuple(number, fc.array(fc.nat(1), { maxLength: 4 }), number)
  .map(([prev, growth, term]) => growth.map((more, place) => commandAt(prev + 1 + place, term + more)))
const session = fc.constantFrom(0, 1, 2)

const message: fc.Arbitrary<Message> = fc.oneof(
  fc.record({
    type: fc.constant('PreVote' as const),
    ...head,
    campaignTerm: number,
    lastLogIndex: number,
    lastLogTerm: number,
  }),
  fc.record({ type: fc.constant('PreVoteReply' as const), ...head, campaignTerm: number, granted: fc.boolean() }),
  fc.record({
    type: fc.constant('RequestVote' as const),
    ...head,
    lastLogIndex: number,
    lastLogTerm: number,
    transfer: fc.boolean(),
  }),
  fc.record({ type: fc.constant('RequestVoteReply' as const), ...head, granted: fc.boolean() }),
  fc.record({
    type: fc.constant('AppendEntries' as const),
    ...head,
    prevLogIndex: number,
    prevLogTerm: number,
    entries: fc.oneof(entries, consecutive),
    leaderCommit: number,
    session,
    readRound: number,
    restMs: number,
  }),
  fc.record({
    type: fc.constant('AppendEntriesReply' as const),
    ...head,
    session,
    readRound: number,
    success: fc.boolean(),
    index: number,
    hintTerm: number,
    prevLogIndex: number,
  }),
  fc.record({
    type: fc.constant('InstallSnapshot' as const),
    ...head,
    lastIncludedIndex: number,
    lastIncludedTerm: number,
    configuration: fc.constantFrom(voters('s1', 's2', 's3'), voters('s2'), voters()),
    session,
  }),
  fc.record({ type: fc.constant('InstallSnapshotReply' as const), ...head, session, index: number }),
  fc.record({ type: fc.constant('TimeoutNow' as const), ...head }),
  fc.record({ type: fc.constant('ReadIndex' as const), ...head, requestId: number }),
  fc.record({ type: fc.constant('ReadIndexReply' as const), ...head, requestId: number, index: fc.option(number) }),
)

test('no message makes it throw, whatever it says and in whatever state it arrives', () => {
  const input = fc.oneof({ weight: 5, arbitrary: message }, { weight: 1, arbitrary: fc.constant('tick' as const) })
  fc.assert(
    fc.property(
      fc.constantFrom('', '1', '1 1 2'),
      fc.constantFrom(raft, elected, atRest),
      fc.array(input, { maxLength: 30 }),
      (terms, begin, inputs) => {
        const server = begin(terms)
        let now = server.inspect().now
        for (const input of inputs) {
          now = input === 'tick' ? Math.max(now, server.nextDeadline() ?? 0) : now + 20
          if (input === 'tick') server.tick(now)
          else server.step(input, now)
          while (server.hasReady()) {
            const { persist, apply, restore } = server.takeReady()
            if (persist !== null) server.persisted(persist.seq, now)
            const last = apply.at(-1)
            if (last !== undefined) server.applied(last.index, now)
            if (restore !== null) server.restored(restore.index, now)
          }
        }
      },
    ),
    { numRuns: 2000 },
  )
})

test('a snapshot of a later term than the hard state brings its term along, and no vote', () => {
  const configuration = { ...NOBODY, voters: ['s1', 's2'] }
  const snapshot = { index: 7, term: 4, configuration }
  const boot = {
    hardState: { term: 3, votedFor: 's2' },
    snapshot,
    base: { index: 0, term: 0 },
    lastIndex: 5,
    terms: [{ index: 1, term: 3 }],
    configurations: [],
    tail: [],
  }
  const server = new Raft({ id: 's1' }, boot, new Random(1), 0)
  const { persist } = server.takeReady()
  expect(server.inspect().log.range()).toBe('(7, 7]')
  expect(persist).toMatchObject({ hardState: { term: 4, votedFor: null }, snapshot: { index: 7, term: 4 } })
})

test('who joins takes no snapshot before the log has told it who the members are', () => {
  const taken = bootOf('1 1')
  const boot = { ...taken, snapshot: { ...taken.snapshot, configuration: NOBODY } }
  const server = new Raft({ id: 's4' }, boot, new Random(1), 0)
  const heartbeat = {
    type: 'AppendEntries',
    from: 's1',
    to: 's4',
    term: 1,
    entries: [],
    session: 1,
    readRound: 0,
  } as const
  server.step({ ...heartbeat, prevLogIndex: 2, prevLogTerm: 1, leaderCommit: 2, restMs: 0 }, 1)
  server.takeReady()
  server.applied(2, 2)
  expect(server.inspect().lastApplied).toBe(2)
  expect(server.describeSnapshot(2)).toBeNull()
})
