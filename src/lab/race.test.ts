// Small racy implementations, one for each kind of race: the check must name it, and must keep quiet about its twin
// that does the same thing properly.

import { AsyncLocalStorage } from 'node:async_hooks'
import { describe, expect, test } from 'vitest'
import { commandMsg } from './apply-msg.ts'
import type { LabConfig } from './config.ts'
import type { LabEnvironment, LabRaft, Make } from './lab.ts'
import { defineTest } from './lab-test.ts'
import { checkRaces, type RaceContext } from './race.ts'
import { runTest } from './run.ts'

function context(): RaceContext {
  const storage = new AsyncLocalStorage<object>()
  return { run: (owner, action) => storage.run(owner, action), current: () => storage.getStore() }
}

/** A Raft that does nothing but what a test gives it. */
function idle(more: Partial<LabRaft> = {}): LabRaft {
  let dead = false
  return {
    handlers: {
      'Raft.Hello': () => ({ hello: true }),
      'Raft.Slow': () => new Promise(() => {}),
    },
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

const sleep =
  (ms: number) =>
  (config: LabConfig): Promise<void> =>
    config.sleep(ms)

async function crash1After10Ms(config: LabConfig): Promise<void> {
  await config.sleep(10)
  config.crash1(1)
  await config.sleep(20_000)
}

/** What the check says about this implementation, or null. */
async function raceOf(make: Make, body: (config: LabConfig) => Promise<void> = sleep(3000)): Promise<string | null> {
  const labTest = defineTest('TestRace2A', 'a race', { servers: 3 }, body)
  const { error } = await runTest(labTest, {
    make: checkRaces(make, context()),
    seed: 1,
    clock: { kind: 'virtual', hop: setImmediate, shuffle: true },
  })
  return error?.message ?? null
}

/** Server 1 runs this in the background; all servers do nothing else. */
function onServer1(loop: (env: LabEnvironment, raft: LabRaft, ...rest: Parameters<Make>) => Promise<void>): Make {
  return (...make) => {
    const raft = idle()
    if (make[1] === 1) make[4].go(() => loop(make[4], raft, ...make))
    return raft
  }
}

describe('what was handed over must not change', () => {
  test('RPC arguments that grow while the call is under way are found', async () => {
    const log = [1, 2]
    const make = onServer1(async (env, _raft, peers) => {
      await env.sleep(10)
      const call = peers[2]?.call('Raft.Hello', { term: 1, entries: log })
      log.push(3)
      await call
    })
    expect(await raceOf(make)).toMatch(
      /^race: server 1 changed the arguments of Raft.Hello while the call was under way \(entries\): hand over a copy/,
    )
  })

  test('RPC arguments may be used again when the reply is there', async () => {
    const make = onServer1(async (env, _raft, peers) => {
      await env.sleep(10)
      const args = { term: 1 }
      for (; args.term < 20; args.term++) await peers[2]?.call('Raft.Hello', args)
    })
    expect(await raceOf(make)).toBeNull()
  })

  test('a reply that its server goes on writing to is found', async () => {
    const shared = { count: 0 }
    const counting = (_args: never): object => {
      shared.count++
      return shared
    }
    const make: Make = (peers, me, _persister, _applyCh, env) => {
      env.go(async () => {
        await env.sleep(10)
        for (let i = 0; i < 5 && me === 1; i++) {
          await peers[2]?.call('Raft.Count', {})
          await env.sleep(150)
        }
      })
      return idle({ handlers: { 'Raft.Count': counting } })
    }
    expect(await raceOf(make)).toContain('race: server 2 changed its reply to Raft.Count after it was returned (count)')
  })

  test('an ApplyMsg that changes after it was sent is found', async () => {
    const make = onServer1(async (env, _raft, _peers, _me, _persister, applyCh) => {
      const message = { ...commandMsg(1, 'a') }
      await applyCh.send(message)
      await env.sleep(50)
      message.commandIndex = 2
      await env.sleep(300)
      await applyCh.send(commandMsg(2, 'b'))
    })
    expect(await raceOf(make)).toContain(
      'race: server 1 changed an ApplyMsg after it was sent on applyCh (commandIndex)',
    )
  })

  test('saved bytes that are written to again are found', async () => {
    const make = onServer1(async (env, _raft, _peers, _me, persister) => {
      const buffer = new Uint8Array(8)
      for (let i = 0; i < 3; i++) {
        buffer[0] = i
        persister.saveRaftState(buffer)
        await env.sleep(300)
      }
    })
    expect(await raceOf(make)).toContain('race: server 1 changed bytes that it had saved')
  })

  test('a snapshot of the service that Raft writes to is found', async () => {
    const make: Make = (_peers, me, persister, applyCh, env) => {
      env.go(async () => {
        for (let index = 1; index <= 9 && me === 1; index++) await applyCh.send(commandMsg(index, index))
        await env.sleep(300)
        if (me === 1) persister.save(Uint8Array.of(1), null)
      })
      return idle({ snapshot: (_index, snapshot) => void snapshot.fill(0) })
    }
    const test = defineTest('TestRace2D', 'a race', { servers: 3, snapshots: true }, sleep(1000))
    const clock = { kind: 'virtual', hop: setImmediate } as const
    const { error } = await runTest(test, { make: checkRaces(make, context()), seed: 1, clock })
    expect(error?.message).toContain('race: server 1 changed the snapshot that the service gave it')
  })
})

describe('an instance that was killed', () => {
  const afterKill = (act: (...make: Parameters<Make>) => unknown): Make =>
    onServer1(async (env, _raft, ...make) => {
      await env.sleep(50)
      await act(...make)
    })

  test.each<[string, Make, string]>([
    ['calls', afterKill((peers) => peers[0]?.call('Raft.Hello', {})), 'server 1 called Raft.Hello of server 0'],
    ['saves', afterKill((_peers, _me, persister) => persister.save(Uint8Array.of(1), null)), 'server 1 saved'],
    ['applies', afterKill((...[, , , applyCh]) => applyCh.send(commandMsg(1, 1))), 'server 1 sent on applyCh'],
  ])('and %s is found', async (_what, make, found) => {
    expect(await raceOf(make, crash1After10Ms)).toMatch(
      new RegExp(`^race: ${found}, .* ms after it was killed: look at killed\\(\\) after every wait`),
    )
  })

  test('and whose loop never ends is found', async () => {
    const make = onServer1(async (env) => {
      for (;;) await env.sleep(10)
    })
    expect(await raceOf(make, crash1After10Ms)).toMatch(
      /^race: server 1 still sets timers, 80\d\d\.\d ms after it was killed/,
    )
  })

  test('may wake up once more, look at killed() and end', async () => {
    const make = onServer1(async (env, raft, peers) => {
      while (!raft.killed()) {
        await env.sleep(25)
        if (!raft.killed()) await peers[0]?.call('Raft.Hello', {})
      }
    })
    expect(await raceOf(make, crash1After10Ms)).toBeNull()
  })

  test('may have a call under way', async () => {
    const make = onServer1(async (_env, _raft, peers) => {
      await peers[2]?.call('Raft.Slow', {})
    })
    expect(await raceOf(make, crash1After10Ms)).toBeNull()
  })
})

describe('an instance that reaches another', () => {
  /** All instances in a list that they share, and server 1 does something to server 0, after an await. */
  function sharing(act: (other: LabRaft & { environment: LabEnvironment }) => unknown): Make {
    const instances: (LabRaft & { environment: LabEnvironment })[] = []
    return (_peers, me, _persister, _applyCh, env) => {
      const raft = { ...idle(), environment: env }
      instances[me] = raft
      env.go(async () => {
        await env.sleep(20)
        await Promise.resolve()
        if (me === 1 && instances[0] !== undefined) await act(instances[0])
      })
      return raft
    }
  }

  test.each<[string, Make, string]>([
    ['by a method', sharing((other) => other.getState()), 'getState() of server 0'],
    ['by its timers', sharing((other) => other.environment.sleep(5)), 'env.sleep of server 0'],
    ['by its chance', sharing((other) => other.environment.random.below(5)), 'env.random of server 0'],
  ])('%s is found', async (_how, make, used) => {
    expect(await raceOf(make)).toContain(`race: server 1 used ${used}. Servers may reach each other by RPC only`)
  })

  test('by its Persister or its connections is found', async () => {
    const shared: Parameters<Make>[] = []
    const through =
      (act: (...other: Parameters<Make>) => unknown): Make =>
      (...make) => {
        shared[make[1]] = make
        make[4].clock.schedule(20, () => {
          if (make[1] === 1 && shared[0] !== undefined) act(...shared[0])
        })
        return idle()
      }
    expect(await raceOf(through((...[, , persister]) => persister.readRaftState()))).toContain(
      'the Persister of server 0',
    )
    expect(await raceOf(through((peers) => peers[2]?.call('Raft.Hello', 1)))).toContain(
      'the connection to server 2 of server 0',
    )
    expect(await raceOf(through((...[, , , applyCh]) => applyCh.send(commandMsg(1, 1))))).toContain(
      'applyCh of server 0',
    )
  })

  test('its own former life is found', async () => {
    let first: LabRaft | null = null
    const make: Make = (_peers, me) => {
      const raft = idle()
      if (me === 1 && first === null) first = raft
      else if (me === 1) first?.getState()
      return raft
    }
    const restart = async (config: LabConfig): Promise<void> => {
      await config.sleep(10)
      config.start1(1)
      await config.sleep(10)
    }
    expect(await raceOf(make, restart)).toContain(
      'server 1 as started at 10.0 ms used getState() of server 1 as started at 0.0 ms',
    )
  })

  test('by RPC does what it should', async () => {
    const make = onServer1(async (env, _raft, peers) => {
      for (let i = 0; i < 10; i++) {
        await peers[0]?.call('Raft.Hello', { i })
        await env.sleep(1)
      }
    })
    expect(await raceOf(make)).toBeNull()
  })
})

test('the tester may use every instance at any time', async () => {
  const nosy = async (config: LabConfig): Promise<void> => {
    for (const server of config.all()) {
      config.start(server, 1)
      await config.sleep(5)
      config.getState(server)
    }
  }
  expect(await raceOf(() => idle(), nosy)).toBeNull()
})
