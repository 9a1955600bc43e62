import { beforeEach, describe, expect, test } from 'vitest'
import { Stall } from './stall.ts'

let seen: string[]
let total: { count: number; ms: number }

beforeEach(() => {
  seen = []
  total = { count: 0, ms: 0 }
})

function make(cause: 'loop' | 'disk' = 'disk'): Stall {
  return new Stall(cause, 100, total, ({ durationMs, over }) => void seen.push(`${durationMs} ${over ? 'over' : ''}`))
}

describe('a stall', () => {
  test('is told when it has lasted too long, once, and when it is over', () => {
    const stall = make()
    for (const age of [0, 50, 99, 100, 150, 200]) stall.look(age, 1000 + age)
    expect(stall.isGoingOn).toBe(true)
    stall.look(0, 1250)
    expect(seen).toEqual(['100 ', '200 over'])
    expect(total).toEqual({ count: 1, ms: 200 })
    expect(stall.isGoingOn).toBe(false)
  })

  test('is over when a younger write is the oldest one', () => {
    const stall = make()
    stall.look(150, 1000)
    stall.look(120, 1100)
    expect(seen).toEqual(['150 ', '150 over'])
    expect(total.count).toBe(1)
  })

  test('that follows within a second is counted in silence', () => {
    const stall = make('loop')
    for (const now of [1000, 1300, 1600, 2000]) stall.happened(200, now)
    expect(seen).toEqual(['200 over', '200 over'])
    expect(total).toEqual({ count: 4, ms: 800 })
  })

  test('that was too short is none', () => {
    make('loop').happened(99, 1000)
    expect([seen, total.count]).toEqual([[], 0])
  })
})
