// Thesis §9.6, PreVote: a server asks whether it would win before it raises its term, so that one that comes back from a
// partition deposes nobody. The paper has no such phase: the whole file is a deviation.
import { describe, expect, test } from 'vitest'
import { appendEntries, cluster, follower, leader, preVote } from './vocabulary.ts'

describe('asking', () => {
  test('Deviates: a time-out first asks, and changes neither term nor vote, because an election in vain disturbs (Thesis §9.6)', () => {
    const s1 = follower({ log: '1 1', term: 3 })
    s1.timesOut()
    expect([s1.role, s1.term, s1.votedFor]).toEqual(['preCandidate', 3, null])
    expect(s1.sends()).toEqual([
      's1→s2 PreVote term=3 campaignTerm=4 last=2/1',
      's1→s3 PreVote term=3 campaignTerm=4 last=2/1',
    ])
  })

  test('with a majority behind it the server starts the real election (Thesis §9.6)', () => {
    const s1 = follower({ log: '1', servers: 5 })
    s1.timesOut()
    s1.isGrantedPreVoteBy('s2')
    expect(s1.role).toBe('preCandidate')
    s1.isGrantedPreVoteBy('s3')
    expect([s1.role, s1.term, s1.votedFor]).toEqual(['candidate', 2, 's1'])
  })

  test('what was granted in the asking is no vote: the election counts anew (Thesis §9.6)', () => {
    const s1 = follower({ log: '1' })
    s1.timesOut()
    s1.isGrantedPreVoteBy('s2')
    s1.isGrantedPreVoteBy('s3')
    expect(s1.role).toBe('candidate')
  })

  test('refused by a majority, it stays a follower of its term (Thesis §9.6)', () => {
    const s1 = follower({ log: '1' })
    s1.timesOut()
    s1.isRefusedPreVoteBy('s2', 's3')
    expect([s1.role, s1.term]).toEqual(['follower', 1])
  })

  test('an answer to an earlier question does not count (Thesis §9.6)', () => {
    const s1 = follower({ log: '1', term: 3 })
    s1.timesOut()
    s1.receives({ type: 'PreVoteReply', from: 's2', to: 's1', term: 2, campaignTerm: 3, granted: true })
    expect(s1.role).toBe('preCandidate')
  })

  test('a refusal that names a newer term is believed: otherwise it would ask in vain for ever (Thesis §9.6)', () => {
    const s1 = follower({ log: '1', term: 3 })
    s1.timesOut()
    s1.receives({ type: 'PreVoteReply', from: 's2', to: 's1', term: 7, campaignTerm: 4, granted: false })
    expect([s1.role, s1.term]).toEqual(['follower', 7])
  })

  test('a leader that is heard meanwhile ends it (Thesis §9.6)', () => {
    const s1 = follower({ log: '1' })
    s1.timesOut()
    s1.receives(appendEntries({ term: 1, prev: '1/1' }))
    expect([s1.role, s1.state.leaderId]).toEqual(['follower', 's2'])
  })

  test('Deviates: in term 0 nobody is asked, because there is no leader to depose and it saves a round trip', () => {
    const s1 = follower()
    s1.timesOut()
    expect([s1.role, s1.sends('PreVote')]).toEqual(['candidate', []])
  })
})

describe('answering', () => {
  test('the answer is yes for a later term and a log as up-to-date as ours (Thesis §9.6)', () => {
    const s1 = follower({ log: '1' })
    s1.receives(preVote({ term: 1, last: '1/1' }))
    expect(s1.sends()).toEqual(['s1→s2 PreVoteReply term=1 campaignTerm=2 granted'])
  })

  test('it promises nothing: term, vote and timer stay as they are (Thesis §9.6)', () => {
    const s1 = follower({ log: '1' })
    const { electionDeadline } = s1.state
    s1.waits(200)
    s1.receives(preVote({ term: 8, last: '1/1' }), preVote({ from: 's3', term: 8, last: '1/1' }))
    expect(s1.sends()).toHaveLength(2)
    expect([s1.term, s1.votedFor, s1.state.electionDeadline]).toEqual([1, null, electionDeadline])
  })

  test('the answer is no to a log behind ours (Thesis §9.6)', () => {
    const s1 = follower({ log: '1 1' })
    s1.receives(preVote({ term: 1, last: '1/1' }))
    expect(s1.sends()).toEqual(['s1→s2 PreVoteReply term=1 campaignTerm=2 refused'])
  })

  test('the answer is no to a term that is over, and names ours (Thesis §9.6)', () => {
    const s1 = follower({ log: '1', term: 5 })
    s1.receives(preVote({ term: 3, last: '9/3' }))
    expect(s1.sends()).toEqual(['s1→s2 PreVoteReply term=5 campaignTerm=4 refused'])
  })

  test('the answer is no while we hear a leader, or lead (Thesis §9.6, §4.2.3)', () => {
    const s1 = follower({ log: '1' })
    s1.hearsFrom('s2')
    s1.receives(preVote({ from: 's3', term: 1, last: '1/1' }))
    expect(s1.sends()).toEqual(['s1→s3 PreVoteReply term=1 campaignTerm=2 refused'])
    const leading = leader({ log: '1', term: 2 })
    leading.receives(preVote({ from: 's3', term: 2, last: '1/1' }))
    expect(leading.sends()).toEqual(['s1→s3 PreVoteReply term=2 campaignTerm=3 refused'])
  })
})

test('a server that was cut off for long comes back without raising a term or deposing anybody (Thesis §9.6)', () => {
  const servers = cluster(3, { logs: { s1: '1', s2: '1', s3: '1' } })
  servers.elect('s1')
  const term = servers.stateOf('s1').currentTerm
  servers.partition(['s1', 's2'], ['s3'])
  servers.advance(20_000, () => servers.settle())
  servers.network.healAll()
  servers.advance(5000, () => servers.settle())
  expect(servers.ids.map((id) => servers.stateOf(id).currentTerm)).toEqual([term, term, term])
  expect(servers.roleOf('s1')).toBe('leader')
})
