// Paper Figure 8: why a leader must not commit an entry of an earlier term by counting its replicas.
//
//            (a)       (b)       (c)        (d)       (e)
//     s1     1 2 ★     1 2 †     1 2   ★    1 3       1 2 4 ★
//     s2     1 2       1 2       1 2        1 3       1 2 4
//     s3     1         1         1 2        1 3       1 2 4
//     s4     1         1         1          1 3       1
//     s5     1         1 3 ★     1 3 †      1 3 ★     1 3           ★ leads, † down
//
//     (a) s1 leads term 2, and its entry reaches s2. (b) s1 crashes; s5 leads term 3 with other entries. (c) s5 crashes;
//     s1 leads term 4 and goes on replicating entry 2, which is now on a majority. From there either (d) or (e).
import { expect, test } from 'vitest'
import { cluster, type Lockstep } from './vocabulary.ts'

function b(): Lockstep {
  const servers = cluster(5, { logs: { s1: '1 2', s2: '1 2', s3: '1', s4: '1', s5: '1' }, term: 2 })
  servers.crash('s1')
  servers.elect('s5')
  servers.partition(['s5'])
  servers.accept('s5', 'of term 3')
  return servers
}

function c(): Lockstep {
  const servers = b()
  servers.crash('s5')
  servers.restart('s1')
  servers.partition(['s1', 's2', 's3'])
  servers.elect('s1')
  return servers
}

test('(b) s5 is elected in term 3 without s1 and s2, and takes another entry at index 2 (Paper Figure 8)', () => {
  const servers = b()
  expect(servers.stateOf('s5').currentTerm).toBe(3)
  expect(servers.logs()).toEqual({ s2: '1 2', s3: '1', s4: '1', s5: '1 3' })
})

test('(c) s1 leads term 4; its entry of term 2 is on a majority, and is not committed (Paper Figure 8, §5.4.2)', () => {
  const servers = c()
  expect(servers.stateOf('s1').currentTerm).toBe(4)
  expect(servers.logs()).toEqual({ s1: '1 2', s2: '1 2', s3: '1 2', s4: '1' })
  expect([servers.commitIndexOf('s1'), servers.server('s1').appliedIndex]).toEqual([0, 0])
})

test('(d) s1 crashes; s5 may win, and overwrites it: had it been committed, it were lost (Paper Figure 8)', () => {
  const servers = c()
  servers.crash('s1')
  servers.restart('s5')
  servers.partition(['s2', 's3', 's4', 's5'])
  servers.elect('s5')
  servers.restart('s1')
  servers.reunite()
  expect(servers.logs()).toEqual({ s1: '1 3', s2: '1 3', s3: '1 3', s4: '1 3', s5: '1 3' })
})

test('(e) if instead an entry of term 4 reaches the majority, it is committed, and entry 2 with it (Paper Figure 8)', () => {
  const servers = c()
  servers.command('s1', 'of term 4')
  expect(servers.logs()).toEqual({ s1: '1 2 4', s2: '1 2 4', s3: '1 2 4', s4: '1' })
  expect(servers.commitIndexOf('s1')).toBe(3)
})

test('(e) s5 cannot win any more, whoever campaigns with it (Paper Figure 8, §5.4.1)', () => {
  const servers = c()
  servers.command('s1', 'of term 4')
  servers.crash('s1')
  servers.restart('s5')
  servers.partition(['s2', 's3', 's4', 's5'])
  for (let tries = 0; tries < 5; tries++) servers.campaign('s5')
  expect(servers.roleOf('s5')).not.toBe('leader')
  servers.elect('s3')
  servers.command('s3', 'y')
  expect(new Set(Object.values(servers.logs())).size).toBe(1)
  expect(servers.logOf('s5').startsWith('1 2 4')).toBe(true)
})
