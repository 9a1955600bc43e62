// Paper §5.4, safety: who may be elected, and what counts as committed. Figure 8 has a file of its own.
import { describe, expect, test } from 'vitest'
import { appendEntries, candidate, cluster, follower, leader, requestVote } from './vocabulary.ts'

describe('the election restriction', () => {
  // Ours, the candidate's last entry, and whether we vote for it.
  test.each([
    ['1 1', '2/1', 'granted', 'the same last entry'],
    ['1 1', '3/1', 'granted', 'the same last term, and longer'],
    ['1 1', '1/1', 'refused', 'the same last term, and shorter'],
    ['1 1', '1/2', 'granted', 'a later last term, although shorter'],
    ['1 2', '9/1', 'refused', 'an earlier last term, although longer'],
    ['', '0/0', 'granted', 'both logs empty'],
    ['1', '0/0', 'refused', 'an empty log against ours'],
  ])(
    'to a voter with the log "%s" a candidate with the last entry %s is %s: %s (Paper §5.4.1)',
    (log, last, verdict) => {
      const s1 = follower({ log, term: 4 })
      s1.receives(requestVote({ term: 5, last }))
      expect(s1.sends()).toEqual([`s1→s2 RequestVoteReply term=5 ${verdict}`])
    },
  )

  test('what is compared is the log’s end, not how much of it is committed (Paper §5.4.1)', () => {
    const s1 = follower({ log: '1 1 1', options: { stickiness: false } })
    s1.receives(appendEntries({ term: 1, prev: '1/1', commit: 1 }))
    s1.receives(requestVote({ from: 's3', term: 2, last: '2/1' }))
    expect(s1.sends()).toEqual(['s1→s3 RequestVoteReply term=2 refused'])
  })

  test('a candidate tells its last entry, behind a snapshot as well (Paper §5.4.1, §7)', () => {
    expect(candidate({ snapshot: '5/2', term: 4 }).sends()).toContain('s1→s2 RequestVote term=4 last=5/2')
  })

  test('a server that lacks a committed entry cannot be elected (Paper §5.4.1)', () => {
    const servers = cluster(3)
    servers.elect('s1')
    servers.partition(['s1', 's2'])
    servers.command('s1', 'x')
    servers.crash('s1')
    servers.partition(['s2', 's3'])
    for (let tries = 0; tries < 4; tries++) servers.campaign('s3')
    expect(servers.roleOf('s3')).not.toBe('leader')
    servers.elect('s2')
    expect(servers.logOf('s3')).toBe('1')
  })
})

describe('entries of earlier terms', () => {
  test('are not committed by counting replicas (Paper §5.4.2)', () => {
    const s1 = leader({ log: '1 2', term: 4 })
    s1.isAcknowledgedBy('s2', 2)
    s1.isAcknowledgedBy('s3', 2)
    expect(s1.commitIndex).toBe(0)
  })

  test('are committed with the first entry of the leader’s own term (Paper §5.4.2)', () => {
    const s1 = leader({ log: '1 2', term: 4 })
    s1.proposes('x')
    s1.isAcknowledgedBy('s2', 3)
    expect(s1.commitIndex).toBe(3)
  })

  test('keep their term when a later leader replicates them (Paper §5.4.2)', () => {
    const servers = cluster(3, { logs: { s1: '1 2', s2: '1 2', s3: '1' }, term: 5 })
    servers.elect('s1')
    servers.command('s1', 'x')
    expect(servers.logs()).toEqual({ s1: '1 2 6', s2: '1 2 6', s3: '1 2 6' })
  })
})

describe('the safety argument', () => {
  test('a vote that makes a leader and a copy that makes a commit meet in at least one server (Paper §5.4.3)', () => {
    const servers = cluster(5)
    servers.elect('s1')
    servers.partition(['s1', 's2', 's3'])
    servers.command('s1', 'x')
    servers.partition(['s3', 's4', 's5'])
    servers.campaign('s4')
    servers.campaign('s5')
    expect([servers.roleOf('s4'), servers.roleOf('s5')]).not.toContain('leader')
    servers.elect('s3')
    expect(servers.logOf('s4')).toBe('1')
  })

  test('a server applies only what no later leader can take back (Paper §5.4.3, State Machine Safety)', () => {
    const s1 = follower({ log: '1 2 2' })
    s1.receives(appendEntries({ term: 3, prev: '1/1', commit: 3 }))
    expect(s1.applied).toBe(1)
  })

  test('a message that contradicts a committed entry is not believed: no correct leader sends it (Paper §5.4.3)', () => {
    const s1 = follower({ log: '1 1' })
    s1.receives(appendEntries({ term: 1, prev: '2/1', commit: 2 }))
    s1.receives(appendEntries({ from: 's3', term: 2, prev: '1/1', entries: '2' }))
    expect([s1.log, s1.sends(), s1.history.join()]).toEqual(['1 1', [], expect.stringContaining('contradiction')])
  })
})
