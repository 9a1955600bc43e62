import { beforeEach, describe, expect, test } from 'vitest'
import { Progress } from '../../raft/progress.ts'
import type { RaftState } from '../../raft/state.ts'
import { SlowPeers } from './slow-peers.ts'

let seen: string[]
let peers: SlowPeers
let b: Progress
let state: { commitIndex: number; log: { lastIndex: number }; progress: Map<string, Progress> }

beforeEach(() => {
  seen = []
  peers = new SlowPeers(1000, ({ peer, slow, behindEntries }) => {
    seen.push(`${peer} ${slow ? `slow by ${behindEntries}` : 'well'}`)
  })
  b = new Progress('b', 1, 1, 0)
  state = { commitIndex: 0, log: { lastIndex: 0 }, progress: new Map([['b', b]]) }
})

function lookAt(now: number, committed: number, acknowledged: number): void {
  state.commitIndex = committed
  state.log.lastIndex = committed
  b.acknowledged(acknowledged)
  peers.look(state as unknown as RaftState, now)
}

describe('a follower', () => {
  test('is slow when it lacks for a second what was committed by then', () => {
    lookAt(0, 10, 10)
    lookAt(100, 20, 10)
    lookAt(200, 30, 19)
    lookAt(1099, 90, 19)
    expect(seen).toEqual([])
    lookAt(1200, 99, 19)
    lookAt(1300, 99, 19)
    expect(seen).toEqual(['b slow by 80'])
    expect(peers.isSlow('b')).toBe(true)
  })

  test('that is behind and moves on fast enough is well', () => {
    for (let i = 0; i < 50; i++) lookAt(100 * i, 1000 * i, Math.max(1000 * (i - 3), 0))
    expect(seen).toEqual([])
  })

  test('at the limit is not reported over and over', () => {
    for (let i = 0; i < 200; i++) lookAt(100 * i, 10 * i, Math.max(10 * (i - 11), 0))
    expect(seen).toHaveLength(1)
  })

  test('is well again when it needs a quarter of the time', () => {
    lookAt(0, 10, 0)
    lookAt(1000, 10, 0)
    lookAt(1100, 10, 10)
    expect(seen).toEqual(['b slow by 10'])
    lookAt(1200, 10, 10)
    expect(seen).toEqual(['b slow by 10', 'b well'])
  })

  test('that is no member any more is forgotten', () => {
    lookAt(0, 10, 0)
    lookAt(1000, 10, 0)
    state.progress.clear()
    peers.look(state as unknown as RaftState, 1100)
    expect(peers.isSlow('b')).toBe(false)
  })
})
