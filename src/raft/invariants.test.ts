// A checker that never complains is worth nothing: here somebody tampers with a server, and it must notice.
import { expect, test } from 'vitest'
import { type Configuration, votersOnly } from './configuration.ts'
import { InvariantChecker, InvariantViolation } from './invariants.ts'
import type { RaftState } from './state.ts'
import { TestCluster } from './testing/cluster.ts'
import { commandAt, entriesOf } from './testing/logs.ts'
import { ANY } from './testing/network.ts'

/** Three servers; s1 leads term 1 and has committed four entries everywhere. */
function cluster(): TestCluster {
  const subject = new TestCluster({ ids: ['s1', 's2', 's3'] })
  subject.tick('s1')
  subject.settle()
  subject.propose('s1', [new Uint8Array(1), new Uint8Array(2), new Uint8Array(3)])
  subject.settle()
  return subject
}

const stateOf = (subject: TestCluster, id: string): RaftState => subject.server(id).running().inspect() as RaftState

/** The property that the checker finds broken after somebody has tampered with a server; null when it finds none. */
function brokenBy(id: string, tamper: (state: RaftState, subject: TestCluster) => void): string | null {
  const subject = cluster()
  tamper(stateOf(subject, id), subject)
  try {
    subject.check(subject.server(id).running())
    return null
  } catch (error) {
    return error instanceof InvariantViolation ? error.property : String(error)
  }
}

test('a server that nobody tampered with keeps every promise', () => expect(brokenBy('s2', () => undefined)).toBeNull())

test.each<[string, Partial<RaftState>]>([
  ['Monotonic Term', { currentTerm: 0 }],
  ['One Vote', { votedFor: 's3' }],
  ['Monotonic Commit', { commitIndex: 3, applyingTo: 3, lastApplied: 3 }],
  ['Monotonic Apply', { lastApplied: 2 }],
  ['Order of Indexes', { commitIndex: 9 }],
  ['Order of Indexes', { applyingTo: 9 }],
  ['Election Safety', { role: 'leader' }],
  ['Candidate Steps Down', { role: 'candidate' }],
])('%s: a follower is changed to %o', (property, change) => {
  expect(brokenBy('s2', (state) => Object.assign(state, change))).toBe(property)
})

test('Order of Indexes: more is called durable than there is', () => {
  const tamper = (state: RaftState): void => {
    state.log.durableIndex = 9
  }
  expect(brokenBy('s2', tamper)).toBe('Order of Indexes')
})

test('Leader Append-Only: a leader drops an entry of its own', () => {
  const tamper = (state: RaftState, subject: TestCluster): void => {
    subject.propose('s1', [new Uint8Array(9)])
    state.log.truncateFrom(5)
  }
  expect(brokenBy('s1', tamper)).toBe('Leader Append-Only')
})

test('Log Matching: an entry of the same index and term holds another command', () => {
  const tamper = (state: RaftState, subject: TestCluster): void => {
    subject.propose('s1', [new Uint8Array(9)])
    state.log.append([commandAt(5, 1)])
  }
  expect(brokenBy('s2', tamper)).toBe('Log Matching')
})

test('Leader Completeness: a later leader lacks what was committed while it was down', () => {
  const subject = cluster()
  subject.crash('s2')
  subject.propose('s1', [new Uint8Array(9)])
  subject.settle()
  subject.restart('s2')
  Object.assign(stateOf(subject, 's2'), { role: 'leader', currentTerm: 9 })
  expect(() => subject.check(subject.server('s2').running())).toThrow(
    /^Leader Completeness: .* lacks committed entry 5$/,
  )
})

test('a candidate of term 1 whose last vote comes late owes nothing to the leader of term 2', () => {
  const subject = new TestCluster({ ids: ['s1', 's2', 's3'] })
  subject.tick('s1')
  subject.network.cut('s1', 's3')
  subject.deliver({ ...ANY, from: 's1', to: 's2' })
  const [lateVote] = subject.network.select({ ...ANY, type: 'RequestVoteReply', to: 's1' })
  if (lateVote === undefined) throw new Error('s2 has not voted')
  lateVote.isHeld = true
  for (const [from, to] of [
    ['s2', 's1'],
    ['s3', 's1'],
    ['s1', 's2'],
  ] as const)
    subject.network.cut(from, to)
  subject.timeout('s2')
  subject.settle()
  expect([stateOf(subject, 's2').role, subject.invariants.committedCount]).toEqual(['leader', 2])
  subject.arrive(lateVote)
  expect(stateOf(subject, 's1')).toMatchObject({ role: 'leader', currentTerm: 1 })
})

/** Half of a joint change: s1 leads, and its first entry is on the half that comes, s1, s4 and s5, alone. */
function halfOfJointChange(): { subject: TestCluster; next: Configuration } {
  const ids = ['s1', 's2', 's3', 's4', 's5']
  const next = { ...votersOnly(Object.fromEntries(ids.map((id) => [id, id]))), voters: ['s1', 's4', 's5'] }
  const subject = new TestCluster({ ids, configuration: { ...next, votersOutgoing: ['s1', 's2', 's3'] } })
  subject.tick('s1')
  subject.deliver({ ...ANY, type: 'RequestVote' })
  subject.network.cut('s1', 's2')
  subject.network.cut('s1', 's3')
  subject.settle()
  return { subject, next }
}

test.each(['', ', and then appends the configuration that ends it'])(
  'Commit Rule: a joint change commits by one half%s',
  (andThen) => {
    const { subject, next } = halfOfJointChange()
    const state = stateOf(subject, 's1')
    expect([state.role, state.commitIndex, state.log.lastIndex]).toEqual(['leader', 0, 1])
    state.commitIndex = 1
    const appended = andThen === '' ? [] : entriesOf('1c', 2, new Map([['c', next]]))
    for (const entry of appended) state.configurations.append(entry)
    state.log.append(appended)
    expect(() => subject.check(subject.server('s1').running())).toThrow(/^Commit Rule: .* without a quorum/)
  },
)

test('Durable Match: the leader counts on what a follower does not have', () => {
  const tamper = (state: RaftState): void => {
    state.log.append([commandAt(5, 1)])
    state.progress.get('s2')?.becomeReplicate(6)
    state.progress.get('s2')?.acknowledged(5)
  }
  expect(brokenBy('s1', tamper)).toBe('Durable Match')
})

test('Monotonic Match: the leader forgets how far a follower has come', () => {
  const tamper = (state: RaftState): void => {
    Object.assign(state.progress.get('s2') ?? {}, { matchIndex: 3 })
  }
  expect(brokenBy('s1', tamper)).toBe('Monotonic Match')
})

test('Next behind Match: the leader would send what the follower is known to have', () => {
  const tamper = (state: RaftState): void => {
    Object.assign(state.progress.get('s2') ?? {}, { nextIndex: 4 })
  }
  expect(brokenBy('s1', tamper)).toBe('Next behind Match')
})

const REST = { round: 1, renewAt: 10_000 }

test.each<[string, string, Partial<RaftState>]>([
  ['a follower does it as if it led', 's2', { rest: REST }],
  ['a leader does it that was told never to', 's1', { rest: REST }],
  ['a follower does it without a leader', 's2', { leaderRestsUntil: 1000, electionDeadline: 2000, leaderId: null }],
  ['a follower would campaign before its leader speaks', 's2', { leaderRestsUntil: 1000, electionDeadline: 999 }],
])('Rest: %s', (_, id, change) => {
  expect(brokenBy(id, (state) => Object.assign(state, change))).toBe('Rest')
})

test.each<[string, (state: RaftState, subject: TestCluster) => void]>([
  ['a command waits', (_, subject) => subject.propose('s1', [new Uint8Array(9)])],
  ['a read waits', (state) => state.pendingReads.push({ token: 1, from: null, requestId: 0, index: null, round: 0 })],
  [
    'a transfer is under way',
    (state) => Object.assign(state, { transfer: { to: 's2', deadline: 1, timeoutNowSent: true } }),
  ],
  ['its disk is behind', (state) => Object.assign(state.log, { durableIndex: 3 })],
  ['it knows of no majority that has all', (state) => state.progress.clear()],
])('Rest: a leader does it although %s', (_, tamper) => {
  const options = { options: { restAfterMs: 50 }, ids: ['s1', 's2', 's3'] }
  const subject = new TestCluster(options)
  subject.tick('s1')
  subject.settle()
  subject.propose('s1', [new Uint8Array(1), new Uint8Array(2), new Uint8Array(3)])
  subject.settle()
  const state = stateOf(subject, 's1')
  state.rest = REST
  expect(() => subject.check(subject.server('s1').running())).not.toThrow()
  state.rest = null
  tamper(state, subject)
  state.rest = REST
  expect(() => subject.check(subject.server('s1').running())).toThrow(/^Rest: /)
})

test('what is committed is counted once', () => {
  expect(new InvariantChecker().committedCount).toBe(0)
  expect(cluster().invariants.committedCount).toBeGreaterThanOrEqual(4)
})
