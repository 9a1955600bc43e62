// The tester's questions, put to servers that say what a test tells them to say.

import { describe, expect, test } from 'vitest'
import { commandMsg } from './apply-msg.ts'
import type { LabConfig } from './config.ts'
import type { LabRaft, Make } from './lab.ts'
import { defineTest, type LabResult } from './lab-test.ts'
import { runTest } from './run.ts'
import { checkAllThere } from './tests-2c.ts'

/** What each server claims: the term, and whether it leads. Tests change it as they go. */
interface Claims {
  terms: number[]
  leaders: number[]
}

/** Three servers; what is started on a leader is applied everywhere `applyAfterMs` later, or never. */
function scripted(claims: Claims, applyAfterMs: number | null = 15): Make {
  const applies: ((index: number, command: unknown) => void)[] = []
  let lastIndex = 0
  return (_peers, me, _persister, applyCh, env) => {
    applies[me] = (index, command) => void applyCh.send(commandMsg(index, command))
    const raft: LabRaft = {
      handlers: {},
      start: (command) => {
        const isLeader = claims.leaders.includes(me)
        const index = isLeader ? ++lastIndex : -1
        const applyAll = (): void => {
          for (const apply of applies) apply(index, command)
        }
        if (isLeader && applyAfterMs !== null) env.clock.schedule(applyAfterMs, applyAll)
        return { index, term: claims.terms[me] ?? 0, isLeader }
      },
      getState: () => ({ term: claims.terms[me] ?? 0, isLeader: claims.leaders.includes(me) }),
      snapshot: () => {},
      condInstallSnapshot: () => true,
      kill: () => {},
      killed: () => false,
    }
    return raft
  }
}

function ask(make: Make, question: (config: LabConfig) => Promise<void>): Promise<LabResult> {
  const labTest = defineTest('TestQuestion2A', 'a question', { servers: 3 }, question)
  return runTest(labTest, { make, seed: 1, clock: { kind: 'virtual', hop: setImmediate } })
}

describe('checkOneLeader', () => {
  test('takes the leader of the highest term, after about half a second', async () => {
    const claims = { terms: [3, 4, 4], leaders: [0, 2] }
    let leader = -1
    const result = await ask(scripted(claims), async (config) => {
      leader = await config.checkOneLeader()
    })
    expect(leader).toBe(2)
    expect(result.seconds).toBeGreaterThanOrEqual(0.45)
    expect(result.seconds).toBeLessThan(0.55)
  })

  test('fails when two lead in one term, and when nobody leads for ten rounds', async () => {
    const check = async (config: LabConfig): Promise<void> => void (await config.checkOneLeader())
    const two = await ask(scripted({ terms: [4, 4, 4], leaders: [0, 2] }), check)
    expect(two.error?.message).toBe('expected one leader in term 4, saw servers 0 and 2 leading')
    const none = await ask(scripted({ terms: [1, 1, 1], leaders: [] }), check)
    expect(none.error?.message).toContain('expected one leader, saw none')
    expect(none.seconds).toBeGreaterThan(4.5)
    expect(none.seconds).toBeLessThan(5.5)
  })

  test('does not look at servers that are cut off', async () => {
    const claims = { terms: [4, 4, 4], leaders: [0, 2] }
    const result = await ask(scripted(claims), async (config) => {
      config.disconnect(0)
      expect(await config.checkOneLeader()).toBe(2)
      config.disconnect(2)
      config.checkNoLeader()
      config.connect(2)
      config.checkNoLeader()
    })
    expect(result.error?.message).toBe('expected no leader without a majority, saw server 2 claiming to lead')
  })
})

test('checkTerms fails when connected servers are in different terms', async () => {
  const claims = { terms: [4, 4, 5], leaders: [] }
  const result = await ask(scripted(claims), async (config) => {
    config.disconnect(2)
    expect(config.checkTerms()).toBe(4)
    config.connect(2)
    config.checkTerms()
  })
  expect(result.error?.message).toContain('all servers in one term')
})

describe('one', () => {
  test('sees agreement at its first look after it, every 20 ms', async () => {
    const result = await ask(scripted({ terms: [1, 1, 1], leaders: [0] }), async (config) => {
      expect(await config.one('a', 3, false)).toBe(1)
      expect(config.clock.now()).toBeCloseTo(20)
      expect(await config.one('b', 3, false)).toBe(2)
      expect(config.clock.now()).toBeCloseTo(40)
    })
    expect(result).toMatchObject({ passed: true, commits: 2 })
  })

  test('without retry gives up after two seconds, with it after ten', async () => {
    const make = (): Make => scripted({ terms: [1, 1, 1], leaders: [0] }, null)
    const once = await ask(make(), async (config) => void (await config.one('a', 3, false)))
    expect(once.seconds).toBeCloseTo(2, 1)
    expect(once.error?.message).toBe("expected agreement on 'a' by 3 servers within 2 s, saw none")
    const again = await ask(make(), async (config) => void (await config.one('a', 3, true)))
    expect(again.seconds).toBeCloseTo(10, 1)
  })

  test('looks for a leader every 50 ms', async () => {
    const claims: Claims = { terms: [1, 1, 1], leaders: [] }
    const result = await ask(scripted(claims), async (config) => {
      config.clock.schedule(120, () => {
        claims.leaders = [1]
      })
      await config.one('a', 3, true)
    })
    expect(result).toMatchObject({ passed: true, seconds: 0.17 })
  })
})

describe('wait', () => {
  test('doubles its pauses up to 1.28 s, for half a minute', async () => {
    const result = await ask(scripted({ terms: [1, 1, 1], leaders: [] }), async (config) => {
      await config.wait(1, 3, null)
    })
    expect(result.error?.message).toBe('expected index 1 on 3 servers, saw it on 0')
    // 10 + 20 + … + 640 ms, then 23 times 1280 ms.
    expect(result.seconds).toBeCloseTo(1.27 + 23 * 1.28)
  })

  test('ends with null when a server has moved on to another term', async () => {
    const claims: Claims = { terms: [1, 1, 1], leaders: [] }
    await ask(scripted(claims), async (config) => {
      config.clock.schedule(100, () => {
        claims.terms = [1, 2, 1]
      })
      expect(await config.wait(1, 3, 1)).toBeNull()
      expect(config.clock.now()).toBeCloseTo(150)
    }).then(({ error }) => expect(error).toBeUndefined())
  })
})

test('the log size is the largest of all, dead servers included', async () => {
  const make: Make = (...args) => {
    args[2].saveRaftState(new Uint8Array(100 * args[1]))
    return scripted({ terms: [1], leaders: [] })(...args)
  }
  const result = await ask(make, async (config) => {
    config.crash1(2)
    expect(config.logSize()).toBe(200)
  })
  expect(result.error).toBeUndefined()
})

test('the churn tests fail when a command that a client saw committed is gone', async () => {
  const make = (): Make => scripted({ terms: [1, 1, 1], leaders: [0] })
  const commitTwo = async (config: LabConfig): Promise<void> => {
    await config.one(7, 3, true)
    await config.one(8, 3, true)
  }
  const kept = await ask(make(), async (config) => {
    await commitTwo(config)
    await checkAllThere(config, [7, 8])
  })
  expect(kept.error).toBeUndefined()
  const lost = await ask(make(), async (config) => {
    await commitTwo(config)
    await checkAllThere(config, [7, 9])
  })
  expect(lost.error?.message).toBe('expected all 2 commands that clients saw committed, saw 1 of them lost')
})
