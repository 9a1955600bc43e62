import { describe, expect, test } from 'vitest'
import { concat } from '../util/bytes.ts'
import { Random } from '../util/random.ts'
import { Counters } from './counters.ts'
import type { OutgoingFrame } from './frame.ts'
import { joinSmall, Outbox } from './outbox.ts'

describe('an outbox', () => {
  test('gives out what was put in, in order', () => {
    const outbox = new Outbox(1000, 10, new Counters())
    for (const byte of [1, 2, 3]) outbox.push(frame(byte, 10))
    expect(firstBytes(outbox.take(1000))).toEqual([1, 2, 3])
    expect([outbox.length, outbox.sizeBytes]).toEqual([0, 0])
  })

  test('gives out no more than was asked for, but whole frames', () => {
    const outbox = new Outbox(1000, 10, new Counters())
    for (const byte of [1, 2, 3]) outbox.push(frame(byte, 10))
    expect(firstBytes(outbox.take(15))).toEqual([1, 2])
    expect(outbox.sizeBytes).toBe(10)
  })

  test('drops the newest when its bytes are full, and says so', () => {
    const outbox = new Outbox(25, 10, new Counters())
    const pushed = [1, 2, 3].map((byte) => outbox.push(frame(byte, 10)))
    expect(pushed).toEqual([true, true, false])
    expect(firstBytes(outbox.take(1000))).toEqual([1, 2])
  })

  test('drops the newest when it holds as many frames as it may', () => {
    const outbox = new Outbox(1000, 2, new Counters())
    expect([1, 2, 3].map((byte) => outbox.push(frame(byte, 10)))).toEqual([true, true, false])
  })

  test('takes a frame larger than itself when it is empty: it would never pass otherwise', () => {
    const outbox = new Outbox(25, 10, new Counters())
    expect(outbox.push(frame(1, 100))).toBe(true)
    expect(outbox.push(frame(2, 1))).toBe(false)
  })

  test('tells each fate once: taken or dropped', () => {
    const outbox = new Outbox(25, 10, new Counters())
    const told: string[] = []
    const fate = (name: string) => ({
      take: () => {
        told.push(`${name} taken`)
        return true
      },
      drop: () => void told.push(`${name} dropped`),
    })
    outbox.push(frame(1, 10), fate('first'))
    outbox.push(frame(2, 10), fate('second'))
    outbox.push(frame(3, 10), fate('third'))
    outbox.take(5)
    outbox.clear()
    expect(told).toEqual(['third dropped', 'first taken', 'second dropped'])
    expect(outbox.sizeBytes).toBe(0)
  })

  test('counts what leaves and what never will', () => {
    const counters = new Counters()
    const outbox = new Outbox(25, 10, counters)
    for (const byte of [1, 2, 3]) outbox.push(frame(byte, 10))
    outbox.take(5)
    expect(counters).toMatchObject({ framesOut: 1, framesDropped: 1 })
    outbox.clear()
    expect(counters).toMatchObject({ framesOut: 1, framesDropped: 2 })
  })

  test('leaves out what is no longer wanted', () => {
    const outbox = new Outbox(100, 10, new Counters())
    outbox.push(frame(1, 10), { take: () => false, drop: () => {} })
    outbox.push(frame(2, 10))
    expect(firstBytes(outbox.take(100))).toEqual([2])
    expect(outbox.sizeBytes).toBe(0)
  })
})

describe('groups that share an outbox', () => {
  test('take turns: a heartbeat passes what a busy group has put in before it', () => {
    const outbox = new Outbox(10_000_000, 1000, new Counters())
    for (let i = 0; i < 100; i++) outbox.push(frame(1, 60_000, 1))
    outbox.push(frame(2, 56, 2))
    const order = firstBytes(outbox.take(10_000_000))
    expect(order.slice(0, 4)).toEqual([1, 1, 2, 1])
    expect(order).toHaveLength(101)
  })

  test('keep each its own order', () => {
    const outbox = new Outbox(10_000_000, 1000, new Counters())
    for (let i = 0; i < 100; i++) outbox.push(frame(i, 10_000, 1 + (i % 3)))
    const order = [...firstBytes(outbox.take(300_000)), ...firstBytes(outbox.take(10_000_000))].map(Number)
    for (const group of [0, 1, 2]) {
      const own = order.filter((byte) => byte % 3 === group)
      expect(own).toEqual([...own].sort((one, other) => one - other))
    }
    expect(order).toHaveLength(100)
  })

  test('cannot keep each other out: a full box gives up the newest of whoever has most', () => {
    const counters = new Counters()
    const outbox = new Outbox(1000, 100, counters)
    for (let i = 1; i <= 20; i++) outbox.push(frame(i, 100, 1))
    const heartbeats = [2, 3, 4].map((group) => outbox.push(frame(100 + group, 50, group)))
    expect(heartbeats).toEqual([true, true, true])
    expect(firstBytes(outbox.take(10_000))).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 102, 103, 104])
    expect(counters.framesDropped).toBe(12)
  })

  test('are each asked to give: who had most is not drained while another has more by now', () => {
    const outbox = new Outbox(1000, 11, new Counters())
    for (const group of [1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2]) outbox.push(frame(group, 10, group))
    for (let i = 0; i < 4; i++) expect(outbox.push(frame(3, 10, 3))).toBe(true)
    const left = firstBytes(outbox.take(1000))
    expect([1, 2, 3].map((group) => left.filter((byte) => byte === group).length)).toEqual([3, 4, 4])
  })

  test('that have filled it evenly lose the newest, as one alone does', () => {
    const outbox = new Outbox(1000, 4, new Counters())
    expect([1, 2, 1, 2, 1, 2].map((group) => outbox.push(frame(group, 10, group)))).toEqual([
      true,
      true,
      true,
      true,
      false,
      false,
    ])
    expect([outbox.length, outbox.sizeBytes]).toEqual([4, 40])
  })

  test('never exceed the bounds, whatever they put in and whenever it leaves', () => {
    const random = new Random(3)
    const outbox = new Outbox(10_000, 50, new Counters())
    for (let i = 0; i < 20_000; i++) {
      outbox.push(frame(1, random.below(3000), random.below(20)))
      if (random.chance(0.05)) outbox.take(random.below(8000))
      if (random.chance(0.001)) outbox.clear()
      expect(outbox.length).toBeLessThanOrEqual(50)
      expect(outbox.sizeBytes).toBeLessThanOrEqual(10_000)
    }
    outbox.take(1_000_000)
    expect([outbox.length, outbox.sizeBytes]).toEqual([0, 0])
  })

  test('are announced before their first frame, and only then', () => {
    const outbox = new Outbox(1000, 10, new Counters())
    for (const group of [0, 3, 5]) outbox.push(frame(group, 10, group))
    const announce = (slot: number) => (slot === 3 ? frame(99, 20) : null)
    expect(firstBytes(outbox.take(1000, announce))).toEqual([0, 99, 3, 5])
  })
})

describe('joining small pieces', () => {
  const sizes = (pieces: readonly Uint8Array[]): number[] => pieces.map((piece) => piece.length)
  const pieces = (...lengths: number[]): Uint8Array[] => lengths.map((length, i) => new Uint8Array(length).fill(i + 1))

  test('keeps every byte in its place', () => {
    const before = pieces(10, 20_000, 5, 0, 7, 16_384, 1)
    expect(concat(joinSmall(before))).toEqual(concat(before))
  })

  test('joins runs of small ones and does not copy large ones', () => {
    const before = pieces(10, 20, 20_000, 5, 7, 30_000, 30_000, 1)
    const after = joinSmall(before)
    expect(sizes(after)).toEqual([30, 20_000, 12, 30_000, 30_000, 1])
    expect(after[1]).toBe(before[2])
  })
})

function frame(byte: number, sizeBytes: number, slot = 0): OutgoingFrame {
  return { pieces: [new Uint8Array(sizeBytes).fill(byte)], sizeBytes, slot }
}

function firstBytes(pieces: readonly Uint8Array[]): (number | undefined)[] {
  return pieces.map((piece) => piece[0])
}
