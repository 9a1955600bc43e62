// What a script cannot see: timers, and what a server does with an announcement that no correct leader would send. The
// conversations are `testdata/rest-*.txt`.
import { describe, expect, test } from 'vitest'
import type { AppendEntries } from './message.ts'
import { MAX_REST_MS, type RaftOptions } from './options.ts'
import type { RaftState } from './state.ts'
import { TestCluster } from './testing/cluster.ts'

const IDS = ['s1', 's2', 's3']

/** s1 leads and has committed its first entry. */
function elected(options: Partial<RaftOptions> = {}, ids: readonly string[] = IDS): TestCluster {
  const cluster = new TestCluster({
    ids,
    hasForgeries: true,
    options: { restAfterMs: 100, restIntervalMs: 2000, ...options },
  })
  cluster.tick('s1')
  cluster.settle()
  return cluster
}

/** A second later nobody has anything to say. */
function atRest(options: Partial<RaftOptions> = {}): TestCluster {
  const cluster = elected(options)
  cluster.advance(1000, () => cluster.settle())
  return cluster
}

const stateOf = (cluster: TestCluster, id: string): Readonly<RaftState> => cluster.server(id).running().inspect()
const isResting = (cluster: TestCluster): boolean[] => cluster.ids.map((id) => stateOf(cluster, id).resting)

/** What s1 says to s2 when it goes to rest, with one thing changed. */
function announcement(cluster: TestCluster, change: Partial<AppendEntries> = {}): AppendEntries {
  const { currentTerm: term, log, commitIndex: leaderCommit } = stateOf(cluster, 's1')
  const place = { prevLogIndex: log.lastIndex, prevLogTerm: log.lastTerm, entries: [], leaderCommit }
  const head = { type: 'AppendEntries', from: 's1', to: 's2', term, session: 1, readRound: 9 } as const
  return { ...head, ...place, restMs: 2000, ...change }
}

describe('timers at rest', () => {
  test('the leader’s only one is its renewal', () => {
    const cluster = atRest()
    const leader = cluster.server('s1').running()
    expect(leader.nextDeadline()).toBe(stateOf(cluster, 's1').rest?.renewAt)
    expect((leader.nextDeadline() ?? 0) - cluster.now).toBeGreaterThan(1000)
    expect(leader.hasReady()).toBe(false)
  })

  test('a follower’s only one begins after twice the announced time', () => {
    const cluster = elected()
    cluster.server('s2').input((raft, now) => raft.step(announcement(cluster), now))
    const waitsMs = (cluster.server('s2').running().nextDeadline() ?? 0) - cluster.now
    expect(waitsMs).toBeGreaterThanOrEqual(4300)
    expect(waitsMs).toBeLessThanOrEqual(4600)
  })

  test('a timer that fires too early changes nothing', () => {
    const cluster = atRest()
    for (const id of IDS) cluster.server(id).input((raft, now) => raft.tick(now))
    expect(isResting(cluster)).toEqual([true, true, true])
    expect(cluster.network.inFlight).toEqual([])
  })

  test('nobody rests when it is off', () => {
    const cluster = atRest({ restAfterMs: 0 })
    expect(isResting(cluster)).toEqual([false, false, false])
    expect(stateOf(cluster, 's1').connected.size).toBe(0)
  })

  test('a server that is alone in its cluster has no timer, and no need to rest', () => {
    const cluster = elected({}, ['s1'])
    expect(cluster.server('s1').running().nextDeadline()).toBeNull()
    expect(isResting(cluster)).toEqual([false])
  })
})

describe('an announcement that does not fit puts nobody to rest', () => {
  test.each<[string, Partial<AppendEntries>]>([
    ['its place is behind our log', { prevLogIndex: 5, leaderCommit: 5 }],
    ['its place is before the end of our log', { prevLogIndex: 0, prevLogTerm: 0, leaderCommit: 0 }],
    ['there is more that we do not have', { leaderCommit: 2 }],
    ['it is of an old term', { term: 0 }],
  ])('%s', (_, change) => {
    const cluster = elected()
    cluster.server('s2').input((raft, now) => raft.step(announcement(cluster, change), now))
    expect(stateOf(cluster, 's2').resting).toBe(false)
  })

  test('we have an entry more than its sender had, and it has not committed yet', () => {
    const cluster = elected()
    const late = announcement(cluster)
    cluster.propose('s1', [new Uint8Array(1)])
    cluster.deliver({ from: 's1', to: 's2', type: 'AppendEntries', place: 1 })
    cluster.server('s2').input((raft, now) => raft.step(late, now))
    expect(stateOf(cluster, 's2').resting).toBe(false)
  })

  test('a follower does not wait for years, whatever it is told', () => {
    const cluster = elected()
    cluster.server('s2').input((raft, now) => raft.step(announcement(cluster, { restMs: 2 ** 48 - 1 }), now))
    expect(stateOf(cluster, 's2').leaderRestsUntil).toBe(cluster.now + 2 * MAX_REST_MS)
  })
})

describe('a resting leader wakes at once', () => {
  test.each<[string, (cluster: TestCluster) => unknown]>([
    ['when a command is proposed', (cluster) => cluster.propose('s1', [new Uint8Array(1)])],
    ['when a read is asked for', (cluster) => cluster.read('s1', 1)],
    [
      'when a change is asked for, even one that is refused',
      (cluster) => cluster.change('s1', { type: 'promote', id: 's2' }),
    ],
    ['when it is to hand over', (cluster) => cluster.transfer('s1', 's2')],
    ['when it is to step down', (cluster) => cluster.server('s1').input((raft, now) => raft.stepDown(now))],
    ['when a connection breaks', (cluster) => cluster.loseConnection('s1', 's3')],
    ['when it was held up', (cluster) => cluster.server('s1').input((raft, now) => raft.stalled(now))],
  ])('%s', (_, act) => {
    const cluster = atRest()
    act(cluster)
    expect(stateOf(cluster, 's1').resting).toBe(false)
    cluster.settle()
    expect(isResting(cluster)).toEqual([false, false, false])
  })

  test('when somebody asks for a read who was never heard before, and is no member', () => {
    const cluster = atRest()
    const question = { type: 'ReadIndex', from: 's9', to: 's1', term: 1, requestId: 7 } as const
    cluster.server('s1').input((raft, now) => raft.step(question, now))
    expect(stateOf(cluster, 's1').resting).toBe(false)
  })

  test('but not by an answer that tells it nothing', () => {
    const cluster = elected()
    cluster.advance(90, () => cluster.settle())
    cluster.advance(60)
    for (const flight of [...cluster.network.inFlight]) cluster.network.duplicate(flight)
    cluster.settle()
    expect(isResting(cluster)).toEqual([true, true, true])
  })

  test('and takes commands, although it has heard nobody for long', () => {
    const cluster = atRest({ restIntervalMs: 60_000 })
    cluster.advance(50_000, () => cluster.settle())
    expect(cluster.propose('s1', [new Uint8Array(1)])).toMatchObject({ accepted: true })
    cluster.settle()
    expect(stateOf(cluster, 's3').commitIndex).toBe(2)
  })

  test('and steps down after two time-outs if nobody answers', () => {
    const cluster = atRest({ restIntervalMs: 60_000 })
    for (const id of ['s2', 's3']) cluster.crash(id)
    cluster.propose('s1', [new Uint8Array(1)])
    cluster.advance(599)
    expect(stateOf(cluster, 's1').role).toBe('leader')
    cluster.advance(1)
    expect(stateOf(cluster, 's1').role).toBe('follower')
  })
})

test('a change of voters is not unsafe because everybody was silent at rest', () => {
  const cluster = atRest({ restIntervalMs: 60_000 })
  cluster.advance(50_000)
  expect(cluster.change('s1', { type: 'demote', id: 's3' })).toMatchObject({ accepted: true })
})

test('one who was away at rest does not count as heard', () => {
  const cluster = elected()
  cluster.crash('s3')
  cluster.loseConnection('s1', 's3')
  cluster.advance(1000, () => cluster.settle())
  expect(stateOf(cluster, 's1').resting).toBe(true)
  // s1 and s3 would be left, and s3 is down.
  expect(cluster.change('s1', { type: 'demote', id: 's2' })).toMatchObject({ accepted: false, reason: 'unsafe' })
})

test('a follower whose promise is to a lease may still campaign when the connection to a resting leader breaks', () => {
  const cluster = elected({ leaseReads: true })
  const { electionDeadline } = stateOf(cluster, 's2')
  cluster.loseConnection('s2', 's1')
  expect(stateOf(cluster, 's2').electionDeadline).toBe(electionDeadline)
  cluster.server('s2').input((raft, now) => raft.step(announcement(cluster), now))
  cluster.loseConnection('s2', 's1')
  expect(stateOf(cluster, 's2').electionDeadline - cluster.now).toBeLessThan(300)
})
