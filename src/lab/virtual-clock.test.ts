import { describe, expect, test } from 'vitest'
import { Random } from '../util/random.ts'
import { VirtualClock } from './virtual-clock.ts'

function sleepOn(clock: VirtualClock): (ms: number) => Promise<void> {
  return (ms) =>
    new Promise((resolve) => {
      clock.schedule(ms, resolve)
    })
}

/** The order in which ten events of one instant run. */
async function orderOfTen(shuffle: Random | null): Promise<number[]> {
  const clock = new VirtualClock(setImmediate, shuffle)
  const order: number[] = []
  for (let i = 0; i < 10; i++) clock.schedule(5, () => order.push(i))
  await clock.run(sleepOn(clock)(6))
  return order
}

describe('virtual time', () => {
  test('passes an hour at once', async () => {
    const clock = new VirtualClock(setImmediate)
    const begin = performance.now()
    await clock.run(sleepOn(clock)(3_600_000))
    expect(clock.now()).toBe(3_600_000)
    expect(performance.now() - begin).toBeLessThan(1000)
  })

  test('runs events by time, those of one instant in the order of scheduling', async () => {
    const clock = new VirtualClock(setImmediate)
    const random = new Random(7)
    const seen: [number, number][] = []
    for (let i = 0; i < 500; i++) clock.schedule(random.below(40), () => seen.push([clock.now(), i]))
    await clock.run(sleepOn(clock)(50))
    expect(seen).toHaveLength(500)
    expect(seen).toEqual(seen.toSorted(([a, i], [b, j]) => a - b || i - j))
  })

  test('waits until all promise callbacks of an event have run', async () => {
    const clock = new VirtualClock(setImmediate)
    const seen: string[] = []
    const longChain = async (): Promise<void> => {
      for (let i = 0; i < 50; i++) await Promise.resolve()
      seen.push(`chain at ${clock.now()}`)
    }
    clock.schedule(1, () => void longChain())
    clock.schedule(2, () => seen.push('next event'))
    await clock.run(sleepOn(clock)(3))
    expect(seen).toEqual(['chain at 1', 'next event'])
  })

  test('never runs a cancelled event, and nothing at once', async () => {
    const clock = new VirtualClock(setImmediate)
    const seen: string[] = []
    const cancel = clock.schedule(1, () => seen.push('cancelled'))
    clock.soon(() => seen.push('soon'))
    expect(seen).toEqual([])
    cancel()
    await clock.run(sleepOn(clock)(2))
    cancel()
    expect(seen).toEqual(['soon'])
    expect(clock.events).toBe(2)
  })

  test('with shuffle, runs events of one instant in an order that the seed gives', async () => {
    const inOrder = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]
    expect(await orderOfTen(null)).toEqual(inOrder)
    const shuffled = await orderOfTen(new Random(1))
    expect(shuffled).not.toEqual(inOrder)
    expect(shuffled.toSorted((a, b) => a - b)).toEqual(inOrder)
    expect(await orderOfTen(new Random(1))).toEqual(shuffled)
    expect(await orderOfTen(new Random(2))).not.toEqual(shuffled)
  })
})

describe('a run that cannot go on', () => {
  test('because everybody waits is ended', async () => {
    const clock = new VirtualClock(setImmediate)
    clock.schedule(7, () => {})
    await expect(clock.run(new Promise(() => {}))).rejects.toThrow('deadlock: at 7.0 ms')
  })

  test('because time stands still is ended', async () => {
    const clock = new VirtualClock(setImmediate)
    const spin = (): void => {
      clock.schedule(0, spin)
    }
    spin()
    await expect(clock.run(new Promise(() => {}))).rejects.toThrow('time stands still')
  })

  test('because it is at its limit is ended there', async () => {
    const clock = new VirtualClock(setImmediate)
    await expect(clock.run(sleepOn(clock)(2001), 2000)).rejects.toThrow('expected an end within 2 s')
    expect(clock.now()).toBe(2000)
  })

  test('because its goal failed, or an event threw, says so', async () => {
    const clock = new VirtualClock(setImmediate)
    await expect(clock.run(Promise.reject(new Error('goal')))).rejects.toThrow('goal')
    clock.schedule(1, () => {
      throw new Error('event')
    })
    await expect(clock.run(new Promise(() => {}))).rejects.toThrow('event')
  })

  test('because a delay is no number is refused', () => {
    expect(() => new VirtualClock(setImmediate).schedule(Number.NaN, () => {})).toThrow('finite')
  })
})
