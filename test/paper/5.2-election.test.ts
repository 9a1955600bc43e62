// Paper §5.2, leader election.
import { describe, expect, test } from 'vitest'
import { appendEntries, candidate, cluster, follower, LoneServer, leader, requestVote } from './vocabulary.ts'

describe('when an election begins', () => {
  test('a follower stays one as long as it hears its leader within the time-out (Paper §5.2)', () => {
    const s1 = follower({ log: '1' })
    for (let beat = 0; beat < 50; beat++) {
      s1.receives(appendEntries({ term: 1, prev: '1/1' }))
      s1.waits(299)
    }
    expect([s1.role, s1.term]).toEqual(['follower', 1])
  })

  test('a follower that receives no communication over an election timeout begins an election (Paper §5.2)', () => {
    const s1 = follower()
    s1.timesOut()
    expect([s1.role, s1.term]).toEqual(['candidate', 1])
  })

  test('whoever begins an election raises its term, votes for itself and asks all others (Paper §5.2)', () => {
    const s1 = candidate({ log: '1 1', term: 4, servers: 5 })
    expect([s1.term, s1.votedFor]).toEqual([4, 's1'])
    expect(s1.sends()).toEqual([
      's1→s2 RequestVote term=4 last=2/1',
      's1→s3 RequestVote term=4 last=2/1',
      's1→s4 RequestVote term=4 last=2/1',
      's1→s5 RequestVote term=4 last=2/1',
    ])
  })

  test('time-outs are drawn anew each time, from the interval and spread over it (Paper §5.2)', () => {
    const timeouts = Array.from({ length: 200 }, (_, seed) => new LoneServer({ seed }).state.electionDeadline)
    expect(Math.min(...timeouts)).toBeGreaterThanOrEqual(300)
    expect(Math.max(...timeouts)).toBeLessThan(600)
    expect(Math.max(...timeouts) - Math.min(...timeouts)).toBeGreaterThan(200)
    const s1 = follower({ options: { preVote: false } })
    const first = s1.state.electionDeadline
    s1.timesOut()
    expect(s1.state.electionDeadline - first).not.toBe(first)
  })

  test('a refused vote does not postpone the voter’s own campaign, a granted one does (Paper §5.2, Figure 2)', () => {
    const s1 = follower({ log: '1 2' })
    const deadline = s1.state.electionDeadline
    s1.waits(250)
    s1.receives(requestVote({ term: 2, last: '9/1' }))
    expect(s1.state.electionDeadline).toBe(deadline)
    s1.receives(requestVote({ from: 's3', term: 2, last: '2/2' }))
    expect(s1.state.electionDeadline).toBeGreaterThanOrEqual(550)
  })
})

describe('(a) it wins', () => {
  test('a candidate with the votes of a majority becomes leader (Paper §5.2)', () => {
    const s1 = candidate({ log: '1', term: 2, servers: 5 })
    s1.isGrantedVoteBy('s2')
    expect(s1.role).toBe('candidate')
    s1.isGrantedVoteBy('s3')
    expect(s1.role).toBe('leader')
  })

  test('of an even number of servers half is not a majority (Paper §5.2)', () => {
    const s1 = candidate({ log: '1', term: 2, servers: 4 })
    s1.isGrantedVoteBy('s2')
    expect(s1.role).toBe('candidate')
    s1.isGrantedVoteBy('s3')
    expect(s1.role).toBe('leader')
  })

  test('a vote counts once, however often it arrives (Paper §5.2)', () => {
    const s1 = candidate({ log: '1', term: 2, servers: 5 })
    s1.isGrantedVoteBy('s2', 's2', 's2')
    expect(s1.role).toBe('candidate')
  })

  test('the candidate’s own vote counts once it is durable, not before (Paper §5.2; Thesis §10.2.1)', () => {
    const s1 = follower({ log: '1', term: 0, options: { preVote: false } })
    s1.hasASlowDisk()
    s1.timesOut()
    s1.isGrantedVoteBy('s2')
    expect(s1.role).toBe('candidate')
    s1.persists()
    expect(s1.role).toBe('leader')
  })

  test('a server votes for at most one candidate in a term, first come, first served (Paper §5.2)', () => {
    const s1 = follower({ log: '1' })
    s1.receives(requestVote({ from: 's2', term: 2, last: '1/1' }))
    expect(s1.sends()).toEqual(['s1→s2 RequestVoteReply term=2 granted'])
    s1.receives(requestVote({ from: 's3', term: 2, last: '7/1' }))
    expect(s1.sends()).toEqual(['s1→s3 RequestVoteReply term=2 refused'])
  })

  test('a new leader says so to all at once, and prevents new elections (Paper §5.2)', () => {
    const s1 = candidate({ log: '1', term: 2 })
    s1.isGrantedVoteBy('s2')
    expect(s1.sends()).toEqual([
      's1→s2 AppendEntries term=2 prev=1/1 entries=[] commit=0',
      's1→s3 AppendEntries term=2 prev=1/1 entries=[] commit=0',
    ])
  })

  test('a server that is alone in its cluster elects itself', () => {
    const s1 = leader({ servers: 1 })
    expect([s1.role, s1.term, s1.sends()]).toEqual(['leader', 1, []])
  })
})

describe('(b) another server wins', () => {
  test.each([3, 4])('a candidate of term 3 recognizes a leader of term %i (Paper §5.2)', (term) => {
    const s1 = candidate({ log: '1', term: 3 })
    s1.receives(appendEntries({ from: 's3', term, prev: '1/1' }))
    expect([s1.role, s1.term, s1.state.leaderId]).toEqual(['follower', term, 's3'])
  })

  test('a candidate rejects a leader of an older term and stays a candidate (Paper §5.2)', () => {
    const s1 = candidate({ log: '1', term: 3 })
    s1.receives(appendEntries({ from: 's3', term: 2, prev: '1/1' }))
    expect([s1.role, s1.term]).toEqual(['candidate', 3])
  })

  test('a candidate that follows a leader of its term keeps its vote: there is no second one (Paper §5.2)', () => {
    const s1 = candidate({ log: '1', term: 3 })
    s1.receives(appendEntries({ from: 's3', term: 3, prev: '1/1' }))
    expect(s1.votedFor).toBe('s1')
  })
})

describe('(c) nobody wins', () => {
  test('a candidate that times out starts over in the next term (Paper §5.2)', () => {
    const s1 = candidate({ log: '1', term: 3, options: { preVote: false } })
    s1.timesOut()
    expect([s1.role, s1.term]).toEqual(['candidate', 4])
    expect(s1.sends()).toHaveLength(2)
  })

  test('votes of the term before do not count in the next election (Paper §5.2)', () => {
    const s1 = candidate({ log: '1', term: 3, servers: 5, options: { preVote: false } })
    s1.isGrantedVoteBy('s2')
    s1.timesOut()
    s1.isGrantedVoteBy('s3')
    expect(s1.role).toBe('candidate')
  })

  test('Deviates: refused by a majority, a candidate waits as a follower, because it cannot win this term (Paper §5.2)', () => {
    const s1 = candidate({ log: '1', term: 3 })
    s1.isRefusedVoteBy('s2', 's3')
    expect([s1.role, s1.term, s1.votedFor]).toEqual(['follower', 3, 's1'])
  })

  test('with random time-outs a split vote is soon over (Paper §5.2)', () => {
    const servers = cluster(5)
    servers.advance(5000, () => servers.settle())
    expect(servers.leader).toBeDefined()
    expect(servers.leader?.running().inspect().currentTerm).toBeLessThan(6)
  })
})
