import { describe, expect, test } from 'vitest'
import { concat } from '../util/bytes.ts'
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

function frame(byte: number, sizeBytes: number): OutgoingFrame {
  return { pieces: [new Uint8Array(sizeBytes).fill(byte)], sizeBytes }
}

function firstBytes(pieces: readonly Uint8Array[]): (number | undefined)[] {
  return pieces.map((piece) => piece[0])
}
