// Paper Figure 2, line by line and in its order. The same rules told as stories are in the files of Paper §5.
//
//     ┌ State ──────────────────────────┐   ┌ RequestVote RPC ────────────────┐
//     │ persistent    currentTerm       │   │ term candidateId lastLogIndex   │
//     │               votedFor  log[]   │   │ lastLogTerm → term voteGranted  │
//     │ volatile      commitIndex       │   └─────────────────────────────────┘
//     │               lastApplied       │   ┌ Rules for Servers ──────────────┐
//     │ on leaders    nextIndex[]       │   │ all, followers, candidates,     │
//     │               matchIndex[]      │   │ leaders                         │
//     ├ AppendEntries RPC ──────────────┤   │                                 │
//     │ term leaderId prevLogIndex …    │   │                                 │
//     └─────────────────────────────────┘   └─────────────────────────────────┘
import { describe, expect, test } from 'vitest'
import { appendEntries, candidate, follower, leader, requestVote } from './vocabulary.ts'

describe('State', () => {
  describe('persistent on all servers, on the disk before any answer', () => {
    test('currentTerm: the latest term the server has seen, 0 at first, and never less (Paper Figure 2)', () => {
      const s1 = follower()
      expect(s1.term).toBe(0)
      s1.receives(requestVote({ term: 4, last: '0/0' }))
      s1.crashesAndRestarts()
      expect(s1.term).toBe(4)
    })

    test('votedFor: who has the server’s vote in the current term, or nobody (Paper Figure 2)', () => {
      const s1 = follower({ log: '1', term: 1, votedFor: 's3' })
      expect(s1.votedFor).toBe('s3')
      s1.receives(appendEntries({ term: 2, prev: '1/1' }))
      expect(s1.votedFor).toBeNull()
    })

    test('votedFor is cleared by a newer term only: stepping down within one leaves it (Paper Figure 2)', () => {
      const s1 = candidate({ log: '1', term: 3 })
      s1.receives(appendEntries({ from: 's2', term: 3, prev: '1/1' }))
      s1.receives(requestVote({ from: 's3', term: 3, last: '5/1', transfer: true }))
      expect([s1.votedFor, s1.sends()]).toEqual(['s1', ['s1→s3 RequestVoteReply term=3 refused']])
    })

    test('log: entries with a command and the leader’s term each, the first at index 1 (Paper Figure 2)', () => {
      const s1 = follower()
      s1.receives(appendEntries({ term: 3, prev: '0/0', entries: '3 3' }))
      s1.crashesAndRestarts()
      expect([s1.log, s1.state.log.termAt(1), s1.state.log.termAt(0)]).toEqual(['3 3', 3, 0])
    })
  })

  describe('volatile on all servers', () => {
    test('commitIndex: 0 at first, then rising only (Paper Figure 2)', () => {
      const s1 = follower({ log: '1 1 1' })
      expect(s1.commitIndex).toBe(0)
      s1.receives(appendEntries({ term: 1, prev: '3/1', commit: 2 }))
      s1.receives(appendEntries({ term: 1, prev: '3/1', commit: 1 }))
      expect(s1.commitIndex).toBe(2)
    })

    test('lastApplied: 0 at first, then rising to commitIndex (Paper Figure 2)', () => {
      const s1 = follower({ log: '1 1 1' })
      expect(s1.state.lastApplied).toBe(0)
      s1.receives(appendEntries({ term: 1, prev: '3/1', commit: 2 }))
      expect(s1.state.lastApplied).toBe(2)
    })
  })

  describe('volatile on leaders, new after each election', () => {
    test('nextIndex: for each server the next entry to send, at first the leader’s last and one (Paper Figure 2)', () => {
      const s1 = leader({ log: '1 1', term: 2 })
      expect([...s1.state.progress.values()].map(({ nextIndex }) => nextIndex)).toEqual([3, 3])
    })

    test('matchIndex: for each server the highest entry known to be there, 0 at first, rising only (Paper Figure 2)', () => {
      const s1 = leader({ log: '1 1', term: 2 })
      const { progress } = s1.state
      expect([...progress.values()].map(({ matchIndex }) => matchIndex)).toEqual([0, 0])
      s1.isAcknowledgedBy('s2', 2)
      s1.isAcknowledgedBy('s2', 1)
      expect(progress.get('s2')?.matchIndex).toBe(2)
    })

    test('matchIndex is what the follower says it holds, not what the leader holds by now (Paper Figure 2)', () => {
      const s1 = leader({ log: '1', term: 2 })
      s1.isAcknowledgedBy('s2', 1)
      s1.proposes('x')
      s1.proposes('y')
      s1.isAcknowledgedBy('s2', 2)
      expect(s1.state.progress.get('s2')?.matchIndex).toBe(2)
    })

    test('a refusal raises no matchIndex (Paper Figure 2)', () => {
      const s1 = leader({ log: '1 1', term: 2 })
      s1.isContradictedBy('s2', { prev: 2, tryAt: '1/1' })
      expect(s1.state.progress.get('s2')).toMatchObject({ matchIndex: 0, nextIndex: 2 })
    })
  })
})

describe('AppendEntries RPC, receiver', () => {
  test('1. reply false if term < currentTerm (Paper Figure 2)', () => {
    const s1 = follower({ log: '1', term: 3 })
    s1.receives(appendEntries({ term: 2, prev: '1/1', entries: '2' }))
    expect([s1.log, s1.sends()]).toEqual(['1', ['s1→s2 AppendEntriesReply term=3 refused prev=0 try=0/0']])
  })

  test('2. reply false if there is no entry at prevLogIndex (Paper Figure 2)', () => {
    const s1 = follower({ log: '1' })
    s1.receives(appendEntries({ term: 1, prev: '2/1', entries: '1' }))
    expect([s1.log, s1.sends()]).toEqual(['1', ['s1→s2 AppendEntriesReply term=1 refused prev=2 try=1/1']])
  })

  test('2. reply false if the entry at prevLogIndex is not of prevLogTerm (Paper Figure 2)', () => {
    const s1 = follower({ log: '1 2' })
    s1.receives(appendEntries({ term: 3, prev: '2/1', entries: '3' }))
    expect([s1.log, s1.sends()]).toEqual(['1 2', ['s1→s2 AppendEntriesReply term=3 refused prev=2 try=1/1']])
  })

  test('3. delete an entry that conflicts with a new one, and all that follow it (Paper Figure 2)', () => {
    const s1 = follower({ log: '1 1 2 2' })
    s1.receives(appendEntries({ term: 3, prev: '1/1', entries: '1 3' }))
    expect([s1.log, s1.history]).toEqual(['1 1 3', expect.arrayContaining([expect.stringContaining('cut=3')])])
  })

  test('3. only then: entries that agree stay, and so does what follows them (Paper Figure 2)', () => {
    const s1 = follower({ log: '1 1 2 2' })
    s1.receives(appendEntries({ term: 3, prev: '1/1', entries: '1 2' }))
    expect(s1.log).toBe('1 1 2 2')
  })

  test('4. append what is not in the log yet (Paper Figure 2)', () => {
    const s1 = follower({ log: '1 1' })
    s1.receives(appendEntries({ term: 2, prev: '1/1', entries: '1 2 2' }))
    expect(s1.log).toBe('1 1 2 2')
  })

  test('5. commitIndex = min(leaderCommit, index of last new entry): the leader has committed less (Paper Figure 2)', () => {
    const s1 = follower({ log: '1' })
    s1.receives(appendEntries({ term: 1, prev: '1/1', entries: '1 1', commit: 2 }))
    expect(s1.commitIndex).toBe(2)
  })

  test('5. … and the leader has committed more than this message vouches for (Paper Figure 2)', () => {
    const s1 = follower({ log: '1 2 2' })
    s1.receives(appendEntries({ term: 3, prev: '1/1', commit: 3 }))
    expect(s1.commitIndex).toBe(1)
  })
})

describe('RequestVote RPC, receiver', () => {
  test('1. reply false if term < currentTerm (Paper Figure 2)', () => {
    const s1 = follower({ log: '1', term: 3 })
    s1.receives(requestVote({ term: 2, last: '9/2' }))
    expect([s1.votedFor, s1.sends()]).toEqual([null, ['s1→s2 RequestVoteReply term=3 refused']])
  })

  test('2. grant if votedFor is null and the candidate’s log is at least as up-to-date (Paper Figure 2)', () => {
    const s1 = follower({ log: '1', term: 2 })
    s1.receives(requestVote({ term: 2, last: '1/1' }))
    expect([s1.votedFor, s1.sends()]).toEqual(['s2', ['s1→s2 RequestVoteReply term=2 granted']])
  })

  test('2. grant if votedFor is this candidate (Paper Figure 2)', () => {
    const s1 = follower({ log: '1', term: 2, votedFor: 's2' })
    s1.receives(requestVote({ term: 2, last: '1/1' }))
    expect(s1.sends()).toEqual(['s1→s2 RequestVoteReply term=2 granted'])
  })

  test('2. refuse if votedFor is another (Paper Figure 2)', () => {
    const s1 = follower({ log: '1', term: 2, votedFor: 's3' })
    s1.receives(requestVote({ term: 2, last: '1/1' }))
    expect([s1.votedFor, s1.sends()]).toEqual(['s3', ['s1→s2 RequestVoteReply term=2 refused']])
  })

  test('2. refuse a candidate whose log is behind (Paper Figure 2)', () => {
    const s1 = follower({ log: '1 1', term: 2 })
    s1.receives(requestVote({ term: 2, last: '1/1' }))
    expect([s1.votedFor, s1.sends()]).toEqual([null, ['s1→s2 RequestVoteReply term=2 refused']])
  })
})

describe('Rules for all servers', () => {
  test('if commitIndex > lastApplied, apply the next entry (Paper Figure 2)', () => {
    const s1 = follower({ log: '1 1 1' })
    s1.receives(appendEntries({ term: 1, prev: '3/1', commit: 1 }), appendEntries({ term: 1, prev: '3/1', commit: 3 }))
    expect(s1.history).toEqual(['s1 follows s2', 's1 applies 1', 's1 applies 2..3'])
  })

  test.each([
    ['a request', appendEntries({ term: 9, prev: '1/1' })],
    ['an answer', { type: 'RequestVoteReply', from: 's2', to: 's1', term: 9, granted: false }],
  ] as const)(
    'if %s contains a term > currentTerm, take it over and become follower (Paper Figure 2)',
    (_, message) => {
      for (const s1 of [follower({ log: '1' }), candidate({ log: '1' }), leader({ log: '1' })]) {
        s1.receives(message)
        expect([s1.role, s1.term]).toEqual(['follower', 9])
      }
    },
  )
})

describe('Rules for followers', () => {
  test('respond to candidates and to leaders (Paper Figure 2)', () => {
    const s1 = follower({ log: '1' })
    s1.receives(requestVote({ term: 1, last: '1/1' }), appendEntries({ term: 1, prev: '1/1' }))
    expect(s1.sends()).toEqual(['s1→s2 RequestVoteReply term=1 granted', 's1→s2 AppendEntriesReply term=1 ok match=1'])
  })

  test('if the time-out passes without AppendEntries and without a granted vote, become candidate (Paper Figure 2)', () => {
    const s1 = follower({ log: '1', options: { preVote: false } })
    s1.timesOut()
    expect(s1.role).toBe('candidate')
  })

  test.each([
    ['an AppendEntries of the current leader', appendEntries({ term: 1, prev: '1/1' })],
    ['a granted vote', requestVote({ term: 1, last: '1/1' })],
  ])('%s starts the time-out anew (Paper Figure 2)', (_, message) => {
    const s1 = follower({ log: '1', options: { preVote: false } })
    s1.waits(290)
    s1.receives(message)
    s1.waits(299)
    expect(s1.role).toBe('follower')
  })

  test('an AppendEntries of an old leader does not (Paper Figure 2)', () => {
    const s1 = follower({ log: '1', term: 2, options: { preVote: false } })
    const { electionDeadline } = s1.state
    s1.waits(290)
    s1.receives(appendEntries({ term: 1, prev: '1/1' }))
    expect(s1.state.electionDeadline).toBe(electionDeadline)
  })
})

describe('Rules for candidates', () => {
  test('on conversion: raise the term, vote for yourself, reset the timer, ask all others (Paper Figure 2)', () => {
    const s1 = follower({ log: '1', options: { preVote: false } })
    s1.timesOut()
    expect([s1.term, s1.votedFor]).toEqual([2, 's1'])
    expect(s1.state.electionDeadline).toBeGreaterThanOrEqual(s1.now + 300)
    expect(s1.sends()).toEqual(['s1→s2 RequestVote term=2 last=1/1', 's1→s3 RequestVote term=2 last=1/1'])
  })

  test('with the votes of a majority: become leader (Paper Figure 2)', () => {
    const s1 = candidate({ log: '1' })
    s1.isGrantedVoteBy('s3')
    expect(s1.role).toBe('leader')
  })

  test('on AppendEntries of a new leader: become follower (Paper Figure 2)', () => {
    const s1 = candidate({ log: '1', term: 2 })
    s1.receives(appendEntries({ from: 's3', term: 2, prev: '1/1' }))
    expect(s1.role).toBe('follower')
  })

  test('on time-out: start a new election (Paper Figure 2)', () => {
    const s1 = candidate({ log: '1', term: 2, options: { preVote: false } })
    s1.timesOut()
    expect([s1.role, s1.term]).toEqual(['candidate', 3])
  })
})

describe('Rules for leaders', () => {
  test('upon election: an empty AppendEntries to each server (Paper Figure 2)', () => {
    const s1 = leader({ log: '1', term: 2 })
    expect(s1.sends()).toEqual(['s2', 's3'].map((id) => `s1→${id} AppendEntries term=2 prev=1/1 entries=[] commit=0`))
  })

  test('… and again in idle times, before a time-out could run out (Paper Figure 2)', () => {
    const s1 = leader({ log: '1', term: 2 })
    s1.waits(50)
    expect(s1.sends('AppendEntries')).toHaveLength(2)
  })

  test('a client’s command: append it, and answer when it has been applied (Paper Figure 2)', () => {
    const s1 = leader({ log: '1', term: 2 })
    expect(s1.proposes('x')).toEqual({ accepted: true, firstIndex: 2, term: 2 })
    s1.isAcknowledgedBy('s2', 2)
    expect(s1.applied).toBe(2)
  })

  test('if the last index ≥ nextIndex: AppendEntries with the entries from nextIndex on (Paper Figure 2)', () => {
    const s1 = leader({ log: '1 1 1', term: 2 })
    s1.isContradictedBy('s2', { prev: 3, tryAt: '1/1' })
    expect(s1.sends()).toEqual(['s1→s2 AppendEntries term=2 prev=1/1 entries=[2:1 3:1] commit=0'])
  })

  test('– on success: raise nextIndex and matchIndex (Paper Figure 2)', () => {
    const s1 = leader({ log: '1 1 1', term: 2 })
    s1.isContradictedBy('s2', { prev: 3, tryAt: '1/1' })
    s1.isAcknowledgedBy('s2', 3, { prev: 1 })
    expect(s1.state.progress.get('s2')).toMatchObject({ nextIndex: 4, matchIndex: 3 })
  })

  test('– on a log inconsistency: lower nextIndex and try again (Paper Figure 2)', () => {
    const s1 = leader({ log: '1 1 1', term: 2 })
    s1.isContradictedBy('s2', { prev: 3, tryAt: '2/1' })
    expect(s1.state.progress.get('s2')?.nextIndex).toBe(3)
    s1.isContradictedBy('s2', { prev: 2, tryAt: '0/0' })
    expect(s1.state.progress.get('s2')?.nextIndex).toBe(1)
    expect(s1.sends()).toEqual(['s1→s2 AppendEntries term=2 prev=0/0 entries=[1..3:1] commit=0'])
  })

  test('commitIndex = N if a majority of matchIndex ≥ N and log[N].term = currentTerm (Paper Figure 2)', () => {
    const s1 = leader({ log: '1 1', term: 2, servers: 5 })
    s1.proposes('x', 'y')
    s1.isAcknowledgedBy('s2', 4)
    s1.isAcknowledgedBy('s3', 3)
    expect(s1.commitIndex).toBe(3)
  })

  test('… and not if log[N].term is another (Paper Figure 2)', () => {
    const s1 = leader({ log: '1 1', term: 2, servers: 5 })
    s1.proposes('x')
    for (const id of ['s2', 's3', 's4']) s1.isAcknowledgedBy(id, 2)
    expect(s1.commitIndex).toBe(0)
  })
})
