// Paper §8, client interaction; reads are Thesis §6.4.
import { describe, expect, test } from 'vitest'
import { appendEntries, cluster, follower, leader, readIndex } from './vocabulary.ts'

const WITH_NOOP = { noopAtTermStart: true }

describe('a blank entry at the start of a term', () => {
  test('a new leader commits one, to find out what is committed (Paper §8)', () => {
    const s1 = leader({ log: '1 1', term: 2, options: WITH_NOOP })
    expect(s1.log).toBe('1 1 2')
    s1.isAcknowledgedBy('s2', 3)
    expect(s1.commitIndex).toBe(3)
  })

  test('it goes out with the leader’s first words, not a heartbeat later (Paper §8)', () => {
    const s1 = leader({ log: '1', term: 2, options: WITH_NOOP })
    expect(s1.sends()).toContain('s1→s2 AppendEntries term=2 prev=1/1 entries=[2:2] commit=0')
  })

  test('Deviates: it can be switched off, because the lab’s tests count on exact indexes (Paper §8)', () => {
    expect(leader({ log: '1', term: 2 }).log).toBe('1')
  })
})

describe('linearizable reads without a log entry', () => {
  test('the leader serves a read at its commitIndex once a majority has confirmed that it leads (Paper §8)', () => {
    const s1 = leaderWithACommit()
    s1.asksToRead(7)
    expect([...s1.reads]).toEqual([])
    s1.isAcknowledgedBy('s2', 1, { round: 1 })
    expect([...s1.reads]).toEqual([[7, 1]])
  })

  test('it asks for that confirmation with heartbeats, at once (Paper §8)', () => {
    const s1 = leaderWithACommit()
    s1.asksToRead(7)
    expect(s1.sends()).toContain('s1→s2 AppendEntries term=1 prev=1/1 entries=[] commit=1 round=1')
  })

  test('a majority it takes: of five servers one answer is not enough (Paper §8)', () => {
    const s1 = leader({ term: 1, servers: 5, options: WITH_NOOP })
    s1.isAcknowledgedBy('s2', 1)
    s1.isAcknowledgedBy('s3', 1)
    s1.asksToRead(7)
    s1.isAcknowledgedBy('s2', 1, { round: 1 })
    expect([...s1.reads]).toEqual([])
    s1.isAcknowledgedBy('s3', 1, { round: 1 })
    expect([...s1.reads]).toEqual([[7, 1]])
  })

  test('an answer to a heartbeat from before the read confirms nothing (Paper §8)', () => {
    const s1 = leaderWithACommit()
    s1.asksToRead(7)
    s1.isAcknowledgedBy('s2', 1, { round: 1 })
    s1.asksToRead(8)
    s1.isAcknowledgedBy('s2', 1, { round: 1 })
    expect(s1.reads.has(8)).toBe(false)
    s1.isAcknowledgedBy('s2', 1, { round: 2 })
    expect(s1.reads.get(8)).toBe(1)
  })

  test('a new leader serves no read before an entry of its own term has committed (Paper §8)', () => {
    const s1 = leader({ log: '1', term: 2, options: WITH_NOOP })
    s1.asksToRead(7)
    s1.isAcknowledgedBy('s2', 1, { round: 1 })
    expect([...s1.reads]).toEqual([])
    s1.isAcknowledgedBy('s2', 2)
    s1.isAcknowledgedBy('s2', 2, { round: 1 })
    expect([...s1.reads]).toEqual([[7, 2]])
  })

  test('a leader that was deposed without knowing cannot serve a stale read (Paper §8)', () => {
    const servers = cluster(3, { options: WITH_NOOP })
    servers.elect('s1')
    servers.partition(['s1'], ['s2', 's3'])
    servers.elect('s2')
    servers.command('s2', 'new')
    servers.read('s1', 7)
    servers.settle()
    expect(servers.reads.has('s1 7')).toBe(false)
    servers.reunite()
    expect(servers.reads.get('s1 7')).toBeNull()
  })

  test('a read may be served from any server: a follower asks the leader from which index on (Thesis §6.4)', () => {
    const servers = cluster(3, { options: WITH_NOOP })
    servers.elect('s1')
    servers.command('s1', 'x')
    servers.read('s3', 7)
    servers.settle()
    expect(servers.reads.get('s3 7')).toBe(2)
  })

  test('the leader answers a follower’s question only with a round, like its own reads (Thesis §6.4)', () => {
    const s1 = leaderWithACommit()
    s1.receives(readIndex({ term: 1, requestId: 5 }))
    expect(s1.sends('ReadIndexReply')).toEqual([])
    s1.isAcknowledgedBy('s2', 1, { round: 1 })
    expect(s1.sends('ReadIndexReply')).toEqual(['s1→s2 ReadIndexReply term=1 index=1'])
  })

  test('who does not lead answers a ReadIndex with a refusal (Thesis §6.4)', () => {
    const s1 = follower({ log: '1' })
    s1.receives(readIndex({ term: 1, requestId: 5 }))
    expect(s1.sends()).toEqual(['s1→s2 ReadIndexReply term=1 refused'])
  })

  test('without a leader a read is refused, and the caller may ask again (Thesis §6.4)', () => {
    const s1 = follower({ log: '1' })
    s1.asksToRead(7)
    expect(s1.reads.get(7)).toBeNull()
  })

  test('a leader that steps down refuses the reads that wait (Thesis §6.4)', () => {
    const s1 = leaderWithACommit()
    s1.asksToRead(7)
    s1.receives(appendEntries({ from: 's3', term: 2 }))
    expect(s1.reads.get(7)).toBeNull()
  })

  test('a forwarded read whose answer is lost is refused after a time-out (Thesis §6.4)', () => {
    const s1 = follower({ log: '1' })
    s1.hearsFrom('s2')
    s1.asksToRead(7)
    expect(s1.sends()).toEqual(['s1→s2 ReadIndex term=1'])
    for (let beat = 0; beat < 12; beat++) {
      s1.waits(50)
      s1.hearsFrom('s2')
    }
    expect(s1.reads.get(7)).toBeNull()
  })

  test('an answer to a question from before a restart is not taken for one to a new question (Thesis §6.4)', () => {
    const s1 = follower({ log: '1' })
    s1.hearsFrom('s2')
    s1.asksToRead(7)
    const [requestId = 0] = s1.state.forwardedReads.keys()
    s1.crashesAndRestarts()
    s1.hearsFrom('s2')
    s1.asksToRead(8)
    s1.receives({ type: 'ReadIndexReply', from: 's2', to: 's1', term: 1, requestId, index: 1 })
    expect(s1.reads.has(8)).toBe(false)
  })

  test('all reads of one turn share a round (Thesis §6.4)', () => {
    const s1 = leaderWithACommit()
    s1.asksToRead(7, 8, 9)
    expect(s1.sends('AppendEntries')).toHaveLength(2)
    s1.isAcknowledgedBy('s3', 1, { round: 1 })
    expect([...s1.reads.keys()]).toEqual([7, 8, 9])
  })
})

/** s1 leads term 1, and its blank entry has committed. */
function leaderWithACommit(): ReturnType<typeof leader> {
  const s1 = leader({ term: 1, options: WITH_NOOP })
  s1.isAcknowledgedBy('s2', 1)
  s1.isAcknowledgedBy('s3', 1)
  return s1
}
