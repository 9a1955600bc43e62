import { expect, test } from 'vitest'
import { Host } from './host.ts'
import { SimClock } from './sim-clock.ts'
import { World } from './world.ts'

interface Scene {
  readonly world: World
  readonly host: Host
  readonly clock: SimClock
  readonly log: string[]
  /** Writes it down, with the time. */
  note(what: string): () => void
  /** Lets so much time pass. */
  pass(ms: number): Promise<void>
}

function scene(): Scene {
  const world = new World(setImmediate)
  const host = new Host('s1')
  host.begin()
  const log: string[] = []
  return {
    world,
    host,
    clock: new SimClock(world, host),
    log,
    note: (what) => () => void log.push(`${what} at ${Math.round(world.now())}`),
    pass: (ms) => world.run(new Promise((resolve) => void world.schedule(ms, resolve))),
  }
}

test('what is due first happens first, and at one instant in the order of scheduling', async () => {
  const { world, log, note, pass } = scene()
  world.schedule(20, note('late'))
  world.schedule(10, note('one'))
  world.schedule(10, note('other'))
  await pass(30)
  expect(log).toEqual(['one at 10', 'other at 10', 'late at 20'])
})

test('who stands still finds everything later, its own timers first', async () => {
  const { world, host, clock, log, note, pass } = scene()
  world.scheduleArrival(10, host, note('a message'))
  clock.schedule(20, note('a timer'))
  world.pause(host)
  await pass(50)
  world.resume(host)
  await pass(1)
  expect(log).toEqual(['a timer at 50', 'a message at 50'])
})

test('what a process has asked for dies with it; what comes from outside finds the next one', async () => {
  const { world, host, clock, log, note, pass } = scene()
  clock.schedule(10, note('a timer'))
  world.scheduleArrival(10, host, note('a message'))
  host.end()
  host.begin()
  await pass(20)
  expect(log).toEqual(['a message at 10'])
})

test('a clock that leaps has its timers due at once', async () => {
  const { clock, log, note, pass } = scene()
  clock.schedule(1000, note('a timer'))
  await pass(10)
  clock.leap(5000)
  await pass(1)
  expect(log).toEqual(['a timer at 10'])
  expect(clock.now()).toBeCloseTo(5011, 1)
})

test('a clock that runs fast reads more, and its timers are due sooner', async () => {
  const { clock, log, note, pass } = scene()
  clock.drift(2)
  clock.schedule(100, note('a timer'))
  await pass(60)
  expect(log).toEqual(['a timer at 50'])
  expect(clock.now()).toBe(120)
})

test('a world that stands still is stopped', async () => {
  const { world, pass } = scene()
  const again = (): void => void world.schedule(0, again)
  again()
  await expect(pass(1)).rejects.toThrow('time stands still')
})
