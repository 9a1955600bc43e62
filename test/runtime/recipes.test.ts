// Elections, locks and maps on whole nodes: leaders die, holders are cut off, and nobody ever holds with another.
import { describe, expect, test } from 'vitest'
import { Election } from '../../src/recipes/election.ts'
import { RecipeError } from '../../src/recipes/errors.ts'
import type { Hold } from '../../src/recipes/hold.ts'
import { Lock } from '../../src/recipes/lock.ts'
import { RecipeStateMachine } from '../../src/recipes/recipe-state-machine.ts'
import { ReplicatedMap } from '../../src/recipes/replicated-map.ts'
import { utf8Decode } from '../../src/util/bytes.ts'
import { Cluster } from './cluster.ts'

const TTL_MS = 2000

class Scene {
  readonly machines: Map<string, RecipeStateMachine>
  readonly cluster: Cluster
  readonly leader: string
  readonly home: string
  readonly third: string

  private constructor(machines: Map<string, RecipeStateMachine>, cluster: Cluster, ids: readonly string[]) {
    this.machines = machines
    this.cluster = cluster
    ;[this.leader = '', this.home = '', this.third = ''] = ids
  }

  static async start(): Promise<Scene> {
    const machines = new Map<string, RecipeStateMachine>()
    const stateMachine = (id: string): RecipeStateMachine => {
      const machine = new RecipeStateMachine()
      machines.set(id, machine)
      return machine
    }
    const cluster = await Cluster.start({ stateMachine })
    return new Scene(machines, cluster, [await cluster.leader(), ...(await cluster.followers())])
  }

  machine(id: string): RecipeStateMachine {
    return this.machines.get(id) as RecipeStateMachine
  }

  election(id: string): Election {
    return new Election(this.cluster.node(id), this.machine(id), 'primary', { ttlMs: TTL_MS })
  }

  lock(id: string): Lock {
    return new Lock(this.cluster.node(id), this.machine(id), 'job', { ttlMs: TTL_MS })
  }

  map(id: string): ReplicatedMap {
    return new ReplicatedMap(this.cluster.node(id), this.machine(id), 'settings')
  }
}

/** When it is lost, on the cluster's clock. */
function noteLoss(scene: Scene, hold: Hold): { at: number | null } {
  const note: { at: number | null } = { at: null }
  void hold.lost.then(() => {
    note.at = scene.cluster.clock.now()
  })
  return note
}

/** Reads on and on into an array. */
function gather<T>(source: AsyncIterable<T>): { items: T[]; error: unknown; ended: boolean } {
  const got = { items: [] as T[], error: null as unknown, ended: false }
  void (async () => {
    for await (const item of source) got.items.push(item)
    got.ended = true
  })().catch((error: unknown) => {
    got.error = error
  })
  return got
}

describe('an election', () => {
  test('is won by the next with a higher token when its leader resigns', async () => {
    const scene = await Scene.start()
    const { cluster, home, third } = scene
    const first = await cluster.value(scene.election(home).campaign('one'))
    const next = scene.election(third).campaign('two')
    await cluster.clock.advance(500)
    expect(await cluster.value(scene.election(third).leader())).toMatchObject({ value: 'one', token: first.token })
    await cluster.value(first.resign())
    const second = await cluster.value(next)
    expect(second.token).toBeGreaterThan(first.token)
    expect([first.isHeld, second.isHeld]).toEqual([false, true])
  })

  test('outlives the leader of the cluster: its own stays', async () => {
    const scene = await Scene.start()
    const { cluster, leader, home } = scene
    const held = await cluster.value(scene.election(home).campaign())
    await cluster.crash(leader)
    await cluster.clock.advance(5 * TTL_MS)
    expect(held.isHeld).toBe(true)
  })

  test('is lost by a leader that is cut off before another wins it', async () => {
    const scene = await Scene.start()
    const { cluster, leader, third } = scene
    const first = await cluster.value(scene.election(leader).campaign('one'))
    const loss = noteLoss(scene, first)
    const next = scene.election(third).campaign('two')
    await cluster.clock.advance(500)
    cluster.cut(leader)
    const second = await cluster.value(next)
    const wonAt = cluster.clock.now()
    expect(loss.at).not.toBeNull()
    expect(loss.at).toBeLessThan(wonAt)
    expect(first.isHeld).toBe(false)
    expect(second.token).toBeGreaterThan(first.token)
  })

  test('is observed from any server, down to nobody', async () => {
    const scene = await Scene.start()
    const { cluster, home, third } = scene
    const controller = new AbortController()
    const seen = gather(scene.election(third).observe({ signal: controller.signal }))
    const first = await cluster.value(scene.election(home).campaign('one'))
    await cluster.until(() => seen.items.length === 2, 'the leader in view')
    await cluster.value(first.resign())
    await cluster.until(() => seen.items.length === 3, 'its end in view')
    expect(seen.items.map((leader) => leader?.value ?? null)).toEqual([null, 'one', null])
    controller.abort()
    await cluster.until(() => seen.ended, 'the end of the watch')
  })
})

describe('a lock', () => {
  test('goes from one to the next in the order of asking', async () => {
    const scene = await Scene.start()
    const { cluster, leader, home, third } = scene
    const order: string[] = []
    const first = await cluster.value(scene.lock(home).acquire())
    const others = [third, leader].map((id) =>
      scene
        .lock(id)
        .acquire()
        .then(async (hold) => {
          order.push(id)
          await hold.release()
          return hold.token
        }),
    )
    await cluster.clock.advance(500)
    expect(order).toEqual([])
    await cluster.value(first.release())
    const tokens = await cluster.value(Promise.all(others))
    expect(new Set([first.token, ...tokens]).size).toBe(3)
    expect(order).toHaveLength(2)
    expect(await cluster.value(scene.lock(home).tryAcquire())).not.toBeNull()
  })

  test('is not waited for by who only tries', async () => {
    const scene = await Scene.start()
    const { cluster, home, third } = scene
    const held = await cluster.value(scene.lock(home).acquire())
    expect(await cluster.value(scene.lock(third).tryAcquire())).toBeNull()
    await cluster.value(held[Symbol.asyncDispose]())
    expect((await cluster.value(scene.lock(third).tryAcquire()))?.isHeld).toBe(true)
  })

  test('is free for the next when one who waited has given up', async () => {
    const scene = await Scene.start()
    const { cluster, leader, home, third } = scene
    const held = await cluster.value(scene.lock(home).acquire())
    expect(await cluster.error(scene.lock(third).acquire({ timeoutMs: 300 }))).toMatchObject({
      code: 'ERR_QUORATE_TIMEOUT',
    })
    const controller = new AbortController()
    const givenUp = scene.lock(third).acquire({ signal: controller.signal })
    await cluster.clock.advance(300)
    controller.abort()
    expect(await cluster.error(givenUp)).toMatchObject({ code: 'ERR_QUORATE_ABORTED' })
    const next = scene.lock(leader).acquire()
    await cluster.value(held.release())
    expect((await cluster.value(next)).isHeld).toBe(true)
  })

  test('is lost with the node that held it, and its lease', async () => {
    const scene = await Scene.start()
    const { cluster, home, third } = scene
    const held = await cluster.value(scene.lock(home).acquire())
    await cluster.crash(home)
    expect(held.isHeld).toBe(false)
    await cluster.value(held.lost)
    const next = await cluster.value(scene.lock(third).acquire())
    expect(next.token).toBeGreaterThan(held.token)
  })

  test('is refused by its name, and says so', async () => {
    const scene = await Scene.start()
    const { cluster, home } = scene
    const lock = new Lock(cluster.node(home), scene.machine(home), '')
    const error: unknown = await cluster.error(lock.acquire())
    expect(error).toBeInstanceOf(RecipeError)
    expect(error).toMatchObject({ code: 'ERR_QUORATE_RECIPE_REFUSED', message: 'lock : its name is empty' })
  })
})

describe('a map', () => {
  test('is read on any server as it was last written', async () => {
    const scene = await Scene.start()
    const { cluster, home, third } = scene
    const revision = await cluster.value(scene.map(home).set('color', 'red'))
    const entry = await cluster.value(scene.map(third).get('color'))
    expect([utf8Decode(entry?.value ?? new Uint8Array(0)), entry?.revision]).toEqual(['red', revision])
    expect(scene.map(third).getLocal('color')).toEqual(entry)
    expect(await cluster.value(scene.map(third).compareAndSet('color', 0, 'blue'))).toBeNull()
    expect(await cluster.value(scene.map(third).compareAndSet('color', revision, 'blue'))).toBeGreaterThan(revision)
    expect(await cluster.value(scene.map(home).delete('color'))).toBe(true)
    expect(await cluster.value(scene.map(home).delete('color'))).toBe(false)
    expect(await cluster.value(scene.map(third).entries())).toMatchObject({ entries: [] })
  })

  test('tells every change once and in order, across a change of leaders', async () => {
    const scene = await Scene.start()
    const { cluster, leader, home, third } = scene
    const seen = gather(scene.map(third).watch({ prefix: 'k' }))
    const session = await cluster.value(cluster.node(home).openSession({ ttlMs: 60_000 }))
    const map = new ReplicatedMap(cluster.node(home), scene.machine(home), 'settings', session)
    const revisions: number[] = []
    for (let i = 0; i < 30; i++) {
      if (i === 15) await cluster.crash(leader)
      revisions.push(await cluster.value(map.set(`k${i % 4}`, `${i}`, { timeoutMs: 15_000 })))
      await cluster.value(map.set('other', `${i}`, { timeoutMs: 15_000 }))
    }
    await cluster.until(() => seen.items.length >= 30, 'all changes')
    await cluster.clock.advance(500)
    expect(seen.items.map(({ revision }) => revision)).toEqual(revisions)
    await cluster.stop(third)
    expect(seen.error).toMatchObject({ code: 'ERR_QUORATE_STOPPED' })
  })

  test('says from where to read again when its server no longer remembers', async () => {
    const scene = await Scene.start()
    const { cluster, home } = scene
    const map = scene.map(home)
    await cluster.value(map.set('k', '1'))
    const { revision } = await cluster.value(map.entries())
    const machine = scene.machine(home)
    await machine.restore(machine.snapshot())
    const late = gather(map.watch({ after: revision - 1 }))
    const inTime = gather(map.watch({ after: revision }))
    await cluster.value(map.set('k', '2'))
    await cluster.until(() => inTime.items.length === 1 && late.error !== null, 'both')
    expect(late.error).toMatchObject({ code: 'ERR_QUORATE_WATCH_BEHIND' })
  })
})
