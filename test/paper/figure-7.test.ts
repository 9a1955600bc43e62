// Paper Figure 7: what logs a new leader may find. It has just been elected in term 8; a box is an entry's term. The
// followers (a) to (f) are s2 to s7 here.
//
//     index     1  2  3  4  5  6  7  8  9 10 11 12
//     leader    1  1  1  4  4  5  5  6  6  6
//     (a)       1  1  1  4  4  5  5  6  6              lacks entries
//     (b)       1  1  1  4
//     (c)       1  1  1  4  4  5  5  6  6  6  6        has more
//     (d)       1  1  1  4  4  5  5  6  6  6  7  7
//     (e)       1  1  1  4  4  4  4                    both
//     (f)       1  1  1  2  2  2  3  3  3  3  3
import { describe, expect, test } from 'vitest'
import { cluster, idsOf, type Lockstep } from './vocabulary.ts'

const LEADER = '1 1 1 4 4 5 5 6 6 6'
const LOGS = {
  s1: LEADER,
  s2: '1 1 1 4 4 5 5 6 6',
  s3: '1 1 1 4',
  s4: '1 1 1 4 4 5 5 6 6 6 6',
  s5: '1 1 1 4 4 5 5 6 6 6 7 7',
  s6: '1 1 1 4 4 4 4',
  s7: '1 1 1 2 2 2 3 3 3 3 3',
}
const FOLLOWERS = [
  ['(a)', 's2'],
  ['(b)', 's3'],
  ['(c)', 's4'],
  ['(d)', 's5'],
  ['(e)', 's6'],
  ['(f)', 's7'],
] as const

function figure7(): Lockstep {
  return cluster(7, { logs: LOGS, term: 7 })
}

describe('the leader of term 8', () => {
  test('is elected by (a), (b), (e) and (f), whose logs are not newer (Paper Figure 7, §5.4.1)', () => {
    const servers = figure7()
    servers.elect('s1')
    expect(servers.stateOf('s1').currentTerm).toBe(8)
    expect(idsOf(7).filter((id) => servers.stateOf(id).votedFor === 's1')).toEqual(['s1', 's2', 's3', 's6', 's7'])
  })

  test.each(FOLLOWERS)('brings %s into line (Paper Figure 7, §5.3)', (_, id) => {
    const servers = figure7()
    servers.elect('s1')
    servers.command('s1', 'x')
    expect(servers.logOf(id)).toBe(`${LEADER} 8`)
  })

  test('touches no longer log until it has something that contradicts it (Paper Figure 7, §5.3)', () => {
    const servers = figure7()
    servers.elect('s1')
    expect([servers.logOf('s4'), servers.logOf('s5')]).toEqual([LOGS.s4, LOGS.s5])
  })

  test('has not committed anything by that, until its own first entry (Paper Figure 7, §5.4.2)', () => {
    const servers = figure7()
    servers.elect('s1')
    expect(servers.commitIndexOf('s1')).toBe(0)
    servers.command('s1', 'x')
    expect(servers.commitIndexOf('s1')).toBe(11)
  })

  test.each(FOLLOWERS)('needs at most one refusal to find where %s agrees (Paper Figure 7, §5.3)', (_, id) => {
    const servers = figure7()
    let refusals = 0
    servers.tick('s1')
    for (let flight = servers.network.next(); flight !== undefined; flight = servers.network.next()) {
      const { message } = flight
      if (message.type === 'AppendEntriesReply' && message.from === id && !message.success) refusals++
      servers.arrive(flight)
    }
    expect(servers.stateOf('s1').progress.get(id)?.state).toBe('replicate')
    expect(refusals).toBeLessThanOrEqual(1)
  })
})

describe('who else could have been elected', () => {
  test.each([
    ['(a)', 's2', 'leader', 'four of seven: itself, (b), (e), (f)'],
    ['(b)', 's3', 'follower', 'itself and (f)'],
    ['(c)', 's4', 'leader', 'all but (d)'],
    ['(d)', 's5', 'leader', 'all'],
    ['(e)', 's6', 'follower', 'itself, (b), (f)'],
    ['(f)', 's7', 'follower', 'itself'],
  ])('%s: %s ends as %s, because its voters would be %s (Paper Figure 7, §5.4.1)', (_, id, role) => {
    const servers = figure7()
    servers.campaign(id)
    expect(servers.roleOf(id)).toBe(role)
  })
})
