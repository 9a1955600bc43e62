import { beforeEach, describe, expect, test } from 'vitest'
import { Troubles } from './troubles.ts'

let lines: string[]
let troubles: Troubles

beforeEach(() => {
  lines = []
  const write = (message: string): void => void lines.push(message)
  troubles = new Troubles({ info: write, warn: write, error: write })
})

function unreachable(peer: string | null, now: number): void {
  troubles.note({ peer, code: 'ERR_QUORATE_UNREACHABLE', message: `cannot reach ${peer}` }, now)
}

describe('what goes wrong with a server', () => {
  test('is told once, however often it is tried', () => {
    for (let now = 0; now < 100_000; now += 2000) unreachable('b', now)
    expect(lines).toEqual(['cannot reach b'])
  })

  test('is told for each server, and when something else goes wrong', () => {
    unreachable('b', 0)
    unreachable('c', 0)
    troubles.note({ peer: 'b', code: 'ERR_QUORATE_HELLO_REFUSED', message: 'b refuses us' }, 1)
    expect(lines).toEqual(['cannot reach b', 'cannot reach c', 'b refuses us'])
  })

  test('is over when it is heard and nothing is complained of for a while', () => {
    unreachable('b', 0)
    troubles.heard('b', 5000)
    troubles.heard('b', 10_000)
    troubles.heard('b', 10_001)
    unreachable('b', 20_000)
    expect(lines).toEqual(['cannot reach b', 'b is reachable again', 'cannot reach b'])
  })

  test('is not over as long as one direction fails, although the other works', () => {
    for (let now = 0; now < 100_000; now += 1000) {
      unreachable('b', now)
      troubles.heard('b', now + 500)
    }
    expect(lines).toEqual(['cannot reach b'])
  })

  test('with strangers is told again when there was peace in between', () => {
    unreachable(null, 0)
    unreachable(null, 9000)
    unreachable(null, 30_000)
    expect(lines).toHaveLength(2)
  })
})
