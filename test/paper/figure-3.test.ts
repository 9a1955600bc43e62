// Paper Figure 3, the five properties that hold at all times. Here each is driven to where a wrong implementation breaks
// it; the random walks beside the core look for the places that nobody thought of.
//
//     Election Safety        at most one leader in a term
//     Leader Append-Only     a leader only appends to its own log
//     Log Matching           the same index and term: the same log up to there
//     Leader Completeness    what is committed is in the log of every later leader
//     State Machine Safety   what one server applied at an index, no other applies differently
import { describe, expect, test } from 'vitest'
import { cluster, type Lockstep } from './vocabulary.ts'

describe('Election Safety', () => {
  test('two candidates of one term: whoever comes second gets no majority (Paper Figure 3)', () => {
    const servers = cluster(5)
    servers.tick('s1')
    servers.tick('s5')
    servers.deliver({ from: 's1', to: 's2', type: null, place: null })
    servers.deliver({ from: 's1', to: 's3', type: null, place: null })
    servers.deliver({ from: 's5', to: null, type: null, place: null })
    servers.settle()
    expect([servers.roleOf('s1'), servers.roleOf('s5')]).toEqual(['leader', 'follower'])
  })

  test('a voter that crashes between two candidates of one term votes once (Paper Figure 3)', () => {
    const servers = cluster(3)
    servers.tick('s1')
    servers.tick('s3')
    servers.deliver({ from: 's1', to: 's2', type: null, place: null })
    servers.crash('s2')
    servers.restart('s2')
    servers.settle()
    expect(leadersOf(servers)).toEqual(['s1'])
  })

  test('votes from before a candidate’s crash elect nobody after it (Paper Figure 3)', () => {
    const servers = cluster(3)
    servers.tick('s1')
    servers.deliver({ from: 's1', to: 's2', type: null, place: null })
    servers.crash('s1')
    servers.restart('s1')
    servers.settle()
    expect(servers.roleOf('s1')).toBe('follower')
  })
})

describe('Leader Append-Only', () => {
  test('a leader that meets longer and other logs brings them into line and keeps its own (Paper Figure 3)', () => {
    const servers = cluster(3, { logs: { s1: '1 3', s2: '1 2 2 2', s3: '1 3' }, term: 3 })
    servers.elect('s1')
    servers.command('s1', 'x')
    expect(servers.logs()).toEqual({ s1: '1 3 4', s2: '1 3 4', s3: '1 3 4' })
  })
})

describe('Log Matching', () => {
  test('messages that arrive in the wrong order, twice or not at all leave the same log (Paper Figure 3)', () => {
    const servers = cluster(3)
    servers.elect('s1')
    for (const text of ['a', 'b', 'c']) servers.accept('s1', text)
    const late = servers.intercept({ to: 's3', type: 'AppendEntries' })
    for (const message of [...late, ...late].reverse()) servers.bring(message)
    servers.reunite()
    expect(servers.logs()).toEqual({ s1: '1 1 1', s2: '1 1 1', s3: '1 1 1' })
  })

  test('an AppendEntries of a deposed leader that comes late changes no log (Paper Figure 3)', () => {
    const servers = cluster(3)
    servers.elect('s1')
    servers.accept('s1', 'old')
    const late = servers.intercept({ from: 's1' })
    servers.partition(['s2', 's3'])
    servers.elect('s2')
    servers.command('s2', 'new')
    for (const message of late) servers.bring(message)
    expect([servers.logOf('s2'), servers.logOf('s3')]).toEqual(['2', '2'])
  })
})

describe('Leader Completeness', () => {
  test('five leaders in a row, each cut off after it committed: nothing is lost (Paper Figure 3)', () => {
    const servers = cluster(5)
    for (const [round, id] of ['s1', 's2', 's3', 's4', 's5'].entries()) {
      servers.elect(id)
      const others = servers.ids.filter((other) => other !== id)
      servers.partition([id, ...others.slice(round % 3, (round % 3) + 2)])
      servers.command(id, `from ${id}`)
      servers.reunite()
    }
    expect(servers.commitIndexOf('s5')).toBe(5)
  })

  test('a leader whose followers alone had committed is succeeded by one of them (Paper Figure 3; Thesis §10.2.1)', () => {
    const servers = cluster(3)
    servers.elect('s1')
    servers.server('s1').isDiskHeld = true
    servers.command('s1', 'x')
    expect(servers.commitIndexOf('s1')).toBe(1)
    servers.crash('s1')
    servers.server('s1').isDiskHeld = false
    servers.restart('s1')
    expect(servers.logOf('s1')).toBe('')
    servers.campaign('s1')
    expect(servers.roleOf('s1')).not.toBe('leader')
    servers.elect('s2')
    expect(servers.logOf('s1')).toBe('1')
  })
})

describe('State Machine Safety', () => {
  test('a leader cut off from its majority applies nothing that the others will replace (Paper Figure 3)', () => {
    const servers = cluster(3)
    servers.elect('s1')
    servers.partition(['s1'], ['s2', 's3'])
    servers.accept('s1', 'lost')
    servers.elect('s2')
    servers.command('s2', 'kept')
    expect(servers.server('s1').appliedIndex).toBe(0)
    servers.reunite()
    expect([servers.logs(), servers.server('s1').appliedIndex]).toEqual([{ s1: '2', s2: '2', s3: '2' }, 1])
  })
})

function leadersOf(servers: Lockstep): string[] {
  return servers.running.filter(({ id }) => servers.roleOf(id) === 'leader').map(({ id }) => id)
}
