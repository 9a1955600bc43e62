// Paper §6, cluster membership changes: what a configuration does once it is in the log. `c` is the old one of s1 to s3,
// `j` the joint one, `n` the new one of s1, s4 and s5, `l` the old one with a learner s4:
//
//     index        1    2    3    4
//     log          1c   1j   1    1n
//     holds from        └ here, committed or not
import { describe, expect, test } from 'vitest'
import { type Configuration, NOBODY } from '../../src/raft/index.ts'
import { appendEntries, candidate, follower, leader, requestVote, votersOf } from './vocabulary.ts'

const addresses = Object.fromEntries(['s1', 's2', 's3', 's4', 's5'].map((id) => [id, id]))
const OLD = { ...NOBODY, voters: ['s1', 's2', 's3'], addresses }
const JOINT = { ...OLD, voters: ['s1', 's4', 's5'], votersOutgoing: ['s1', 's2', 's3'] }
const NEW = { ...OLD, voters: ['s1', 's4', 's5'] }
const names: ReadonlyMap<string, Configuration> = new Map<string, Configuration>([
  ['c', OLD],
  ['j', JOINT],
  ['n', NEW],
  ['l', { ...OLD, learners: ['s4'] }],
  ['r', { ...OLD, voters: ['s2', 's3'] }],
  ['o', { ...OLD, voters: ['s2', 's3'], learners: ['s1'] }],
])

describe('a configuration is an entry of the log', () => {
  test('a server uses the latest configuration in its log, committed or not (Paper §6)', () => {
    const s1 = follower({ log: '1c', names })
    s1.receives(appendEntries({ term: 1, prev: '1/1', entries: '1j', names }))
    expect([s1.commitIndex, s1.state.configuration]).toEqual([0, JOINT])
  })

  test('when its entry is cut off, the configuration before it holds again (Paper §6; Thesis §4.1)', () => {
    const s1 = follower({ log: '1c 1j 1n', names })
    s1.receives(appendEntries({ term: 2, prev: '1/1', entries: '2' }))
    expect(s1.state.configuration).toEqual(OLD)
  })

  test('cutting behind a configuration leaves it alone (Paper §6)', () => {
    const s1 = follower({ log: '1c 1j 1 1', names })
    s1.receives(appendEntries({ term: 2, prev: '3/1', entries: '2' }))
    expect(s1.state.configuration).toEqual(JOINT)
  })

  test('after a restart the latest configuration in the log holds (Paper §6)', () => {
    const s1 = follower({ log: '1c 1', names })
    s1.receives(appendEntries({ term: 1, prev: '2/1', entries: '1j', names }))
    s1.crashesAndRestarts()
    expect(s1.state.configuration).toEqual(JOINT)
  })

  test('a leader sends to members of the new configuration from the moment it is appended (Paper §6)', () => {
    const s1 = leader({ log: '1c 1j', term: 2, names })
    expect([...s1.state.progress.keys()].sort()).toEqual(['s2', 's3', 's4', 's5'])
  })
})

describe('joint consensus', () => {
  test('an election needs a majority of the old and of the new servers (Paper §6)', () => {
    const s1 = candidate({ log: '1j', term: 2, names })
    s1.isGrantedVoteBy('s4', 's5')
    expect(s1.role).toBe('candidate')
    s1.isGrantedVoteBy('s2')
    expect(s1.role).toBe('leader')
  })

  test('the old servers alone elect nobody, either (Paper §6)', () => {
    const s1 = candidate({ log: '1j', term: 2, names })
    s1.isGrantedVoteBy('s2', 's3')
    expect(s1.role).toBe('candidate')
  })

  test('an entry is committed by a majority of both (Paper §6)', () => {
    const s1 = leader({ log: '1j', term: 2, names })
    s1.proposes('x')
    s1.isAcknowledgedBy('s4', 2)
    s1.isAcknowledgedBy('s5', 2)
    expect(s1.commitIndex).toBe(0)
    s1.isAcknowledgedBy('s2', 2)
    expect(s1.commitIndex).toBe(2)
  })

  test('any server of either configuration may lead; entries go to all of them (Paper §6)', () => {
    const s1 = leader({ log: '1j', term: 2, names })
    for (const id of ['s2', 's3', 's4', 's5']) s1.isAcknowledgedBy(id, 1)
    s1.proposes('x')
    expect(s1.sends('AppendEntries').map((line) => line.slice(3, 5))).toEqual(['s4', 's5', 's2', 's3'])
  })
})

describe('servers that do not count', () => {
  test('a new server catches up without a vote: its acknowledgement commits nothing (Paper §6; Thesis §4.2.1)', () => {
    const s1 = leader({ log: '1l', term: 2, names })
    s1.proposes('x')
    s1.isAcknowledgedBy('s4', 2)
    expect([s1.commitIndex, s1.state.progress.get('s4')?.matchIndex]).toEqual([0, 2])
  })

  test('a learner’s vote elects nobody (Paper §6; Thesis §4.2.1)', () => {
    const s1 = candidate({ log: '1l', term: 2, names })
    s1.isGrantedVoteBy('s4')
    expect(s1.role).toBe('candidate')
  })

  test('a learner does not campaign (Paper §6; Thesis §4.2.1)', () => {
    const s1 = follower({ log: '1o', names })
    s1.receives(appendEntries({ term: 1, prev: '1/1', commit: 1 }))
    s1.waits(10_000)
    expect([s1.role, s1.term]).toEqual(['follower', 1])
  })

  test('a learner answers RequestVote, for it may be a voter and not know it yet (Thesis §4.2.1)', () => {
    const s1 = follower({ log: '1o', names })
    s1.receives(requestVote({ term: 2, last: '2/1' }))
    expect(s1.sends()).toEqual(['s1→s2 RequestVoteReply term=2 granted'])
  })

  test('a server that knows that its removal has committed does not campaign (Paper §6)', () => {
    const s1 = follower({ log: '1c 1r', names })
    s1.receives(appendEntries({ term: 1, prev: '2/1', commit: 2 }))
    s1.waits(10_000)
    expect(s1.role).toBe('follower')
  })

  test('one that does not know it campaigns: it may be needed until the removal commits (Thesis §4.2.2)', () => {
    const s1 = follower({ log: '1c 1r', names })
    s1.waits(10_000)
    expect(s1.role).toBe('preCandidate')
  })

  test('a server that is not a voter does not count its own vote (Thesis §4.2.2)', () => {
    const s1 = candidate({ log: '1c 1r', term: 2, names })
    s1.isGrantedVoteBy('s2')
    expect(s1.role).toBe('candidate')
    s1.isGrantedVoteBy('s3')
    expect(s1.role).toBe('leader')
  })

  test('nor does a leader that is removing itself count its own log (Thesis §4.2.2)', () => {
    const s1 = leader({ log: '1c 1r', term: 2, names })
    s1.isAcknowledgedBy('s2', 2)
    s1.proposes('x')
    s1.isAcknowledgedBy('s2', 3)
    expect(s1.commitIndex).toBe(0)
    s1.isAcknowledgedBy('s3', 3)
    expect(s1.commitIndex).toBe(3)
  })
})

describe('history', () => {
  test('a snapshot carries the configuration as of its index, not the latest (Thesis §4.1, §5.1)', () => {
    const s1 = follower({ log: '1c', names })
    s1.receives(appendEntries({ term: 1, prev: '1/1', entries: '1 1j', commit: 2, names }))
    expect(s1.describesSnapshotAt(2)?.configuration).toEqual(OLD)
  })

  test('compaction keeps the configuration that holds (Paper §7)', () => {
    const s1 = follower({ log: '1c 1j 1', names })
    s1.receives(appendEntries({ term: 1, prev: '3/1', commit: 3 }))
    s1.takesSnapshot(3)
    expect([s1.log, s1.state.configuration]).toEqual(['(3/1)', JOINT])
  })

  test('a snapshot that replaces the log replaces its configurations, too (Paper §7)', () => {
    const s1 = follower({ log: '1c 1j', names })
    s1.installs({ term: 2, last: '9/2', configuration: votersOf(5) })
    expect(s1.state.configuration).toEqual(votersOf(5))
  })
})
