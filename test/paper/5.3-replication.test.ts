// Paper §5.3, log replication.
import { describe, expect, test } from 'vitest'
import { appendEntries, candidate, cluster, follower, leader } from './vocabulary.ts'

describe('the leader replicates commands', () => {
  test('a command is appended as a new entry, and sent to all in parallel (Paper §5.3)', () => {
    const s1 = leader({ log: '1', term: 2, servers: 5 })
    for (const id of ['s2', 's3', 's4', 's5']) s1.isAcknowledgedBy(id, 1)
    s1.proposes('x')
    expect(s1.log).toBe('1 2')
    expect(s1.sends()).toEqual(
      ['s2', 's3', 's4', 's5'].map((id) => `s1→${id} AppendEntries term=2 prev=1/1 entries=[2:2] commit=0`),
    )
  })

  test('each entry has its index and the term in which the leader received it (Paper §5.3)', () => {
    const s1 = leader({ log: '1 1', term: 7 })
    s1.proposes('x', 'y')
    expect(s1.log).toBe('1 1 7 7')
  })

  test('nobody but the leader takes commands; a follower says who leads (Paper §5.3, §8)', () => {
    const s1 = follower({ log: '1' })
    expect(s1.proposes('x')).toEqual({ accepted: false, reason: 'notLeader', leaderId: null })
    s1.receives(appendEntries({ from: 's3', term: 1, prev: '1/1' }))
    expect(s1.proposes('x')).toEqual({ accepted: false, reason: 'notLeader', leaderId: 's3' })
    expect(candidate().proposes('x')).toMatchObject({ accepted: false })
  })

  test('an entry is committed once the leader has replicated it on a majority, and then applied (Paper §5.3)', () => {
    const s1 = leader({ servers: 5, term: 1 })
    s1.proposes('x')
    s1.isAcknowledgedBy('s2', 1)
    expect([s1.commitIndex, s1.applied]).toEqual([0, 0])
    s1.isAcknowledgedBy('s3', 1)
    expect([s1.commitIndex, s1.applied]).toEqual([1, 1])
  })

  test('committing an entry commits all before it, earlier leaders’ too (Paper §5.3)', () => {
    const s1 = leader({ log: '1 1 2', term: 3 })
    s1.proposes('x')
    s1.isAcknowledgedBy('s2', 4)
    expect(s1.commitIndex).toBe(4)
  })

  test('a follower applies an entry once it learns that it is committed, in the log’s order (Paper §5.3)', () => {
    const s1 = follower({ log: '1' })
    s1.receives(appendEntries({ term: 1, prev: '1/1', entries: '1 1' }))
    expect(s1.applied).toBe(0)
    s1.receives(appendEntries({ term: 1, prev: '3/1', commit: 2 }))
    expect([s1.applied, s1.history]).toEqual([2, ['s1 applies 1..2']])
  })

  test('the leader repeats AppendEntries until the follower has everything, even after it has answered its client (Paper §5.3)', () => {
    const servers = cluster(3)
    servers.elect('s1')
    servers.partition(['s1', 's2'])
    servers.command('s1', 'x', 'y')
    expect([servers.commitIndexOf('s1'), servers.logOf('s3')]).toEqual([2, ''])
    servers.reunite()
    expect(servers.logOf('s3')).toBe('1 1')
  })

  test('the highest index that is committed travels with every AppendEntries, heartbeats too (Paper §5.3)', () => {
    const s1 = leader({ term: 1 })
    s1.proposes('x')
    s1.isAcknowledgedBy('s2', 1)
    s1.waits(50)
    expect(s1.sends()).toContain('s1→s2 AppendEntries term=1 prev=1/1 entries=[] commit=1')
  })

  test('a slow minority holds nobody up (Paper §5.3)', () => {
    const servers = cluster(5)
    servers.elect('s1')
    servers.partition(['s1', 's2', 's3'])
    servers.command('s1', 'x')
    expect(['s1', 's2', 's3'].map((id) => servers.commitIndexOf(id))).toEqual([1, 1, 1])
  })

  test('without a majority nothing commits (Paper §5.3)', () => {
    const servers = cluster(5)
    servers.elect('s1')
    servers.partition(['s1', 's2'])
    servers.command('s1', 'x')
    expect([servers.logOf('s2'), servers.commitIndexOf('s1')]).toEqual(['1', 0])
  })

  test('half is no majority: of four servers, two copies commit nothing (Paper §5.3)', () => {
    const s1 = leader({ servers: 4, term: 1 })
    s1.proposes('x')
    s1.isAcknowledgedBy('s2', 1)
    expect(s1.commitIndex).toBe(0)
    s1.isAcknowledgedBy('s3', 1)
    expect(s1.commitIndex).toBe(1)
  })

  test('Deviates: followers are told of a commit in the same turn, because their clients read from them too (Paper §5.3)', () => {
    const s1 = leader({ term: 1 })
    s1.proposes('x')
    s1.isAcknowledgedBy('s2', 1)
    expect(s1.sends()).toEqual(['s1→s2 AppendEntries term=1 prev=1/1 entries=[] commit=1'])
  })

  test('Deviates: many AppendEntries may be on their way to one follower, because waiting for each costs a round trip (Thesis §10.2.2)', () => {
    const s1 = leader({ log: '1', term: 2 })
    s1.isAcknowledgedBy('s2', 1)
    s1.proposes('x')
    s1.proposes('y')
    expect(s1.sends()).toEqual(['s1→s2 AppendEntries term=2 prev=2/2 entries=[3:2] commit=0'])
  })
})

describe('the window to one follower', () => {
  test('is bounded: what does not fit waits for an acknowledgement (Thesis §10.2.2)', () => {
    const s1 = leader({ log: '1', term: 2, options: { maxInflightMessages: 2 } })
    s1.isAcknowledgedBy('s2', 1)
    s1.proposes('x')
    s1.proposes('y')
    s1.proposes('z')
    expect(s1.sends()).toEqual([])
    s1.isAcknowledgedBy('s2', 2)
    expect(s1.sends('AppendEntries')).toContain('s1→s2 AppendEntries term=2 prev=3/2 entries=[4:2] commit=2')
  })

  test('does not stay shut when what was on its way is lost: a heartbeat finds out (Thesis §10.2.2)', () => {
    const servers = cluster(3, { options: { maxInflightMessages: 1 } })
    servers.elect('s1')
    servers.accept('s1', 'x')
    servers.intercept({ to: 's3' })
    servers.settle()
    servers.reunite()
    expect(servers.logOf('s3')).toBe('1')
  })

  test('nothing is repeated for ever: when all agree, the network falls silent (Paper §5.3)', () => {
    const servers = cluster(3)
    servers.elect('s1')
    servers.command('s1', 'x')
    expect(servers.network.inFlight).toEqual([])
  })
})

describe('the consistency check', () => {
  test('a follower refuses new entries when it lacks the entry that precedes them (Paper §5.3)', () => {
    const s1 = follower({ log: '1' })
    s1.receives(appendEntries({ term: 1, prev: '2/1', entries: '1' }))
    expect(s1.sends()).toEqual(['s1→s2 AppendEntriesReply term=1 refused prev=2 try=1/1'])
    expect(s1.log).toBe('1')
  })

  test('a follower refuses new entries when the entry that precedes them has another term (Paper §5.3)', () => {
    const s1 = follower({ log: '1 1' })
    s1.receives(appendEntries({ term: 3, prev: '2/2', entries: '3' }))
    expect(s1.sends()).toEqual(['s1→s2 AppendEntriesReply term=3 refused prev=2 try=2/1'])
    expect(s1.log).toBe('1 1')
  })

  test('a success tells the leader that the logs are identical up to the new entries (Paper §5.3)', () => {
    const s1 = follower({ log: '1 1' })
    s1.receives(appendEntries({ term: 2, prev: '1/1', entries: '1 2' }))
    expect([s1.log, s1.sends()]).toEqual(['1 1 2', ['s1→s2 AppendEntriesReply term=2 ok match=3']])
  })

  test('a heartbeat vouches for the log up to its prevLogIndex only, and so does its answer (Paper §5.3)', () => {
    const s1 = follower({ log: '1 1 1' })
    s1.receives(appendEntries({ term: 2, prev: '1/1', commit: 3 }))
    expect([s1.commitIndex, s1.sends()]).toEqual([1, ['s1→s2 AppendEntriesReply term=2 ok match=1']])
  })
})

describe('bringing a follower’s log into line', () => {
  test('a new leader first tries the index just after its last (Paper §5.3)', () => {
    const s1 = leader({ log: '1 1 2', term: 3 })
    expect(s1.state.progress.get('s2')).toMatchObject({ nextIndex: 4, matchIndex: 0 })
  })

  test('after a refusal nextIndex falls and AppendEntries is tried again (Paper §5.3)', () => {
    const s1 = leader({ log: '1 1 2', term: 3 })
    s1.isContradictedBy('s2', { prev: 3, tryAt: '2/1' })
    expect(s1.sends()).toEqual(['s1→s2 AppendEntries term=3 prev=2/1 entries=[3:2] commit=0'])
  })

  test('conflicting entries are overwritten with the leader’s (Paper §5.3)', () => {
    const s1 = follower({ log: '1 2 2 2' })
    s1.receives(appendEntries({ term: 3, prev: '1/1', entries: '3' }))
    expect(s1.log).toBe('1 3')
  })

  test('a late or repeated AppendEntries cuts nothing off: what it lacks may have been acknowledged (Paper §5.3)', () => {
    const s1 = follower({ log: '1' })
    s1.receives(appendEntries({ term: 1, prev: '1/1', entries: '1 1' }))
    s1.receives(appendEntries({ term: 1, prev: '1/1', entries: '1' }))
    expect(s1.log).toBe('1 1 1')
  })

  test('a leader never overwrites or deletes entries of its own log (Paper §5.3)', () => {
    const s1 = leader({ log: '1 1 2', term: 3 })
    s1.receives(appendEntries({ from: 's2', term: 3, prev: '1/1', entries: '3' }))
    expect([s1.role, s1.log]).toEqual(['leader', '1 1 2'])
  })

  test('a late refusal, from before the last success, moves nothing (Paper §5.3)', () => {
    const s1 = leader({ log: '1 1 2', term: 3 })
    s1.isAcknowledgedBy('s2', 3)
    s1.isContradictedBy('s2', { prev: 2, tryAt: '1/1' })
    expect(s1.state.progress.get('s2')).toMatchObject({ state: 'replicate', nextIndex: 4, matchIndex: 3 })
    expect(s1.sends()).toEqual([])
  })

  test('a refusal that comes a second time, after a later one, moves nothing (Paper §5.3)', () => {
    const s1 = leader({ log: '1 1 1 1 1', term: 3 })
    s1.isContradictedBy('s2', { prev: 5, tryAt: '4/1' })
    s1.isContradictedBy('s2', { prev: 4, tryAt: '1/1' })
    s1.isContradictedBy('s2', { prev: 5, tryAt: '4/1' })
    expect([s1.state.progress.get('s2')?.nextIndex, s1.sends()]).toEqual([2, []])
  })

  test('a refusal never leads back behind what is known to agree (Paper §5.3)', () => {
    const s1 = leader({ log: '1 1 2', term: 3 })
    s1.isAcknowledgedBy('s2', 3)
    s1.proposes('x')
    s1.proposes('y')
    s1.isContradictedBy('s2', { prev: 4, tryAt: '1/1' })
    expect(s1.state.progress.get('s2')).toMatchObject({ nextIndex: 4, matchIndex: 3 })
  })

  test('an acknowledgement that was overtaken by a newer one takes nothing back (Paper §5.3)', () => {
    const s1 = leader({ log: '1 1 2', term: 3 })
    s1.isAcknowledgedBy('s2', 3)
    s1.isAcknowledgedBy('s2', 1)
    expect(s1.state.progress.get('s2')).toMatchObject({ nextIndex: 4, matchIndex: 3 })
  })

  test('an acknowledgement that was meant for another record of the follower is dropped', () => {
    const s1 = leader({ log: '1 1 2', term: 3 })
    const answer = { success: true, index: 3, hintTerm: 0, prevLogIndex: 3, readRound: 0, session: 99 }
    s1.receives({ type: 'AppendEntriesReply', from: 's2', to: 's1', term: 3, ...answer })
    expect(s1.state.progress.get('s2')?.matchIndex).toBe(0)
  })

  test('Deviates: a refusal says the last place that could agree, so that whole terms are skipped (Paper §5.3, the optimization)', () => {
    const s1 = follower({ log: '1 1 4 4 4 4' })
    s1.receives(appendEntries({ term: 6, prev: '6/3' }))
    expect(s1.sends()).toEqual(['s1→s2 AppendEntriesReply term=6 refused prev=6 try=2/1'])
  })

  test('Deviates: the leader, too, skips whole terms in its own log (Paper §5.3, the optimization)', () => {
    const s1 = leader({ log: '1 1 2 2 2 5 5', term: 6 })
    s1.isContradictedBy('s2', { prev: 7, tryAt: '5/1' })
    expect(s1.sends()).toEqual(['s1→s2 AppendEntries term=6 prev=2/1 entries=[3..5:2 6:5 7:5] commit=0'])
  })

  test('a follower with hundreds of conflicting entries comes into line in a few messages (Paper §5.3)', () => {
    const mine = Array(300).fill('3').join(' ')
    const theirs = Array(300).fill('2').join(' ')
    const servers = cluster(3, { logs: { s1: `1 ${mine}`, s2: `1 ${mine}`, s3: `1 ${theirs}` }, term: 3 })
    servers.elect('s1')
    expect(servers.logOf('s3')).toBe(servers.logOf('s1'))
    expect(servers.stateOf('s1').progress.get('s3')?.matchIndex).toBe(301)
  })
})
