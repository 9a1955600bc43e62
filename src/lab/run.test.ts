// What a run makes of code under test that misbehaves, and of a test that passes: with servers that do nothing but that.

import { describe, expect, test } from 'vitest'
import { commandMsg, snapshotMsg } from './apply-msg.ts'
import type { LabConfig } from './config.ts'
import type { LabEvent } from './event.ts'
import type { Handlers, LabEnvironment, LabRaft, Make } from './lab.ts'
import { defineTest, type LabResult } from './lab-test.ts'
import { type RunOptions, runTest } from './run.ts'

/** A Raft that never does anything, but for what a test gives it. */
function idle(more: Partial<LabRaft> = {}): LabRaft {
  let dead = false
  return {
    handlers: {},
    start: () => ({ index: -1, term: 0, isLeader: false }),
    getState: () => ({ term: 0, isLeader: false }),
    snapshot: () => {},
    condInstallSnapshot: () => true,
    kill: () => {
      dead = true
    },
    killed: () => dead,
    ...more,
  }
}

/** Only server 1 does this; the others do nothing. */
function onServer1(act: (env: LabEnvironment, ...rest: Parameters<Make>) => Partial<LabRaft> | undefined): Make {
  return (...make) => idle(make[1] === 1 ? act(make[4], ...make) : {})
}

interface Story extends Partial<RunOptions> {
  readonly test?: (config: LabConfig) => Promise<void>
  readonly snapshots?: boolean
}

function play(make: Make, { test: body, snapshots = false, ...options }: Story = {}): Promise<LabResult> {
  const labTest = defineTest(
    'TestStory2A',
    'a story',
    { servers: 3, snapshots },
    body ?? ((config) => config.sleep(1000)),
  )
  return runTest(labTest, { make, seed: 1, clock: { kind: 'virtual', hop: setImmediate }, ...options })
}

describe('a run fails with the server and the time', () => {
  test('when a timer throws', async () => {
    const result = await play(
      onServer1((env) => {
        env.clock.schedule(12.5, () => {
          throw new RangeError('bad index')
        })
        return {}
      }),
    )
    expect(result).toMatchObject({ passed: false, seconds: 0.0125 })
    expect(result.error?.message).toBe('server 1 threw at 12.5 ms: RangeError: bad index')
    expect(result.error?.cause).toBeInstanceOf(RangeError)
  })

  test('when a background loop rejects', async () => {
    const loop = async (env: LabEnvironment): Promise<void> => {
      await env.sleep(20)
      throw new Error('no entry 7')
    }
    const result = await play(
      onServer1((env) => {
        env.go(() => loop(env))
        return {}
      }),
    )
    expect(result.error?.message).toBe('server 1 threw at 20.0 ms: Error: no entry 7')
  })

  test('when an async timer rejects', async () => {
    const result = await play(
      onServer1((env) => {
        env.clock.schedule(5, async () => {
          await env.sleep(5)
          throw new Error('later')
        })
        return {}
      }),
    )
    expect(result.error?.message).toBe('server 1 threw at 10.0 ms: Error: later')
  })

  test('when make, start or a handler throws', async () => {
    const broken = (): never => {
      throw new Error('broken')
    }
    expect((await play(onServer1(broken))).error?.message).toBe('server 1 threw at 0.0 ms: Error: broken')

    const startOn1 = async (config: LabConfig): Promise<void> => {
      config.start(1, 100)
    }
    const inStart = await play(
      onServer1(() => ({ start: broken })),
      { test: startOn1 },
    )
    expect(inStart.error?.message).toBe('server 1 threw at 0.0 ms: Error: broken')

    const handlers: Handlers = { 'Raft.Vote': broken }
    const caller: Make = (peers, me, _persister, _applyCh, env) => {
      if (me === 0) env.clock.schedule(10, () => void peers[1]?.call('Raft.Vote', 1))
      return idle(me === 1 ? { handlers } : {})
    }
    expect((await play(caller)).error?.message).toMatch(/^server 1 threw at 10.0 ms: Error: broken/)
  })

  test('when a rejection that nobody handles is caught by the host', async () => {
    let report: (error: unknown) => void = () => {}
    const result = await play(
      onServer1((env) => {
        env.clock.schedule(3, () => report(new Error('lost')))
        return {}
      }),
      {
        catchRejections: (listener) => {
          report = listener
          return () => {}
        },
      },
    )
    expect(result.error?.message).toBe('a promise that nobody handles was rejected at 3.0 ms: Error: lost')
  })
})

describe('a run fails', () => {
  test('after 120 s of its own clock', async () => {
    const result = await play(
      onServer1(() => undefined),
      { test: (config) => config.sleep(500_000) },
    )
    expect(result).toMatchObject({ passed: false, seconds: 120 })
    expect(result.error?.message).toContain('within 120 s')
  })

  test('when everybody waits and nothing is left to happen', async () => {
    const stuck = await play(
      onServer1(() => undefined),
      { test: () => new Promise(() => {}) },
    )
    expect(stuck.error?.message).toContain('deadlock')
  })

  test('when a server applies another command than the others', async () => {
    const make: Make = (_peers, me, _persister, applyCh, env) => {
      env.clock.schedule(10 + me, () => void applyCh.send(commandMsg(1, me < 2 ? 'x' : 'y')))
      return idle()
    }
    const result = await play(make)
    expect(result.error?.message).toBe("apply error: server 2 applied 'y' at index 1, where server 0 applied 'x'")
    expect(result.commits).toBe(1)
  })

  test.each([
    ['without snapshots, when an index is skipped', false, [1, 3], 'applied index 3 before index 2'],
    ['with snapshots, when an index is skipped', true, [1, 3], 'applied index 3, expected 2'],
    ['with snapshots, when an index comes again', true, [1, 2, 2], 'applied index 2, expected 3'],
  ])('%s', async (_title, snapshots, indexes, message) => {
    const make = onServer1((env, _peers, _me, _persister, applyCh) => {
      env.go(async () => {
        for (const index of indexes) await applyCh.send(commandMsg(index, index))
      })
      return {}
    })
    expect((await play(make, { snapshots })).error?.message).toContain(message)
  })

  test('when a snapshot is not what the service gave', async () => {
    const make = onServer1((env, _peers, _me, _persister, applyCh) => {
      env.go(() => applyCh.send(snapshotMsg(5, 1, Uint8Array.of(1, 2))))
      return {}
    })
    expect((await play(make, { snapshots: true })).error?.message).toContain('a snapshot of 2 bytes that is not one')
  })
})

describe('a service that takes snapshots', () => {
  test('gives one to Raft after indexes 9, 19 and 29', async () => {
    const taken: number[] = []
    const make = onServer1((env, _peers, _me, _persister, applyCh) => {
      env.go(async () => {
        for (let index = 1; index <= 30; index++) await applyCh.send(commandMsg(index, index))
      })
      return { snapshot: (index) => taken.push(index) }
    })
    expect((await play(make, { snapshots: true })).passed).toBe(true)
    expect(taken).toEqual([9, 19, 29])
  })

  test('goes on from a snapshot that it was given', async () => {
    let kept = new Uint8Array()
    const make: Make = (_peers, me, _persister, applyCh, env) => {
      env.go(async () => {
        if (me === 0) for (let index = 1; index <= 9; index++) await applyCh.send(commandMsg(index, index))
        await env.sleep(10)
        if (me === 1) await applyCh.send(snapshotMsg(9, 1, kept))
        if (me === 1) await applyCh.send(commandMsg(10, 10))
      })
      return idle({
        snapshot: (_index, bytes) => {
          kept = bytes.slice()
        },
      })
    }
    const result = await play(make, { snapshots: true })
    expect(result).toMatchObject({ passed: true, commits: 10 })
  })
})

describe('a crash', () => {
  test('keeps what was saved before it and nothing that is saved after', async () => {
    const restored: number[] = []
    const make = onServer1((_env, _peers, _me, persister) => {
      restored.push(persister.readRaftState()[0] ?? 0)
      persister.saveRaftState(Uint8Array.of(restored.length))
      return { kill: () => persister.saveRaftState(Uint8Array.of(99)) }
    })
    const restartTwice = async (config: LabConfig): Promise<void> => {
      config.start1(1)
      config.start1(1)
    }
    expect((await play(make, { test: restartTwice })).passed).toBe(true)
    expect(restored).toEqual([0, 1, 2])
  })

  test('cuts the old instance off for good', async () => {
    const replies: unknown[] = []
    const make: Make = (peers, me, _persister, _applyCh, env) => {
      const born = env.clock.now()
      if (me === 1) {
        env.clock.schedule(50, async () => {
          replies.push(await peers[0]?.call('Raft.Hello', born))
        })
      }
      return idle({ handlers: { 'Raft.Hello': (from: number) => from } })
    }
    const restart = async (config: LabConfig): Promise<void> => {
      await config.sleep(10)
      config.start1(1)
      config.connect(1)
      await config.sleep(10_000)
    }
    await play(make, { test: restart })
    expect(replies.toSorted()).toEqual([10, null])
  })
})

describe('who listens to a run', () => {
  const talkative = onServer1((env, peers) => {
    env.log('INFO', () => 'a line')
    env.clock.schedule(1, () => void peers[0]?.call('Raft.Hello', { done: undefined }))
    return {}
  })
  const answering: Make = (...make) => ({ ...talkative(...make), handlers: { 'Raft.Hello': () => true } })

  test('is told all, and does not change it', async () => {
    const events: LabEvent[] = []
    const watched = await play(answering, { observer: (event) => events.push(event) })
    const unwatched = await play(answering)
    expect(events.map(({ kind }) => kind)).toEqual([
      'start',
      'start',
      'log',
      'start',
      'connect',
      'connect',
      'connect',
      'warning',
      'rpc sent',
      'rpc received',
      'rpc replied',
    ])
    expect(watched.traceHash).toBe(unwatched.traceHash)
    expect(watched.labgobProblems).toBe(1)
  })

  test('finds another hash for another run', async () => {
    const quiet = await play(onServer1(() => undefined))
    expect((await play(answering)).traceHash).not.toBe(quiet.traceHash)
  })

  test('and nobody: then the text of a log line is not made', async () => {
    let made = 0
    const make = onServer1((env) => {
      env.log('INFO', () => `line ${++made}`)
      return {}
    })
    await play(make)
    expect(made).toBe(0)
    await play(make, { observer: () => {} })
    expect(made).toBe(1)
  })
})
