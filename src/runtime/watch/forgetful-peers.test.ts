import { beforeEach, describe, expect, test } from 'vitest'
import type { AppendEntriesReply } from '../../raft/message.ts'
import { Progress } from '../../raft/progress.ts'
import type { RaftState } from '../../raft/state.ts'
import { ForgetfulPeers } from './forgetful-peers.ts'

let seen: string[]
let peers: ForgetfulPeers
let state: RaftState

beforeEach(() => {
  seen = []
  peers = new ForgetfulPeers(({ from, index }) => void seen.push(`${from} ${index}`))
  const b = new Progress('b', 7, 1, 0)
  b.acknowledged(100)
  state = { role: 'leader', currentTerm: 2, progress: new Map([['b', b]]) } as unknown as RaftState
})

function hear(now: number, change: Partial<AppendEntriesReply> = {}): void {
  const reply = { type: 'AppendEntriesReply', from: 'b', to: 'a', term: 2, session: 7, readRound: 0 } as const
  peers.heard({ ...reply, success: false, index: 50, hintTerm: 1, prevLogIndex: 100, ...change }, state, now)
}

describe('a follower that refuses what follows an entry that it had', () => {
  test('is suspected for two seconds, and then named, once', () => {
    for (let now = 0; now < 2000; now += 50) hear(now)
    expect(seen).toEqual([])
    for (let now = 2000; now < 9000; now += 50) hear(now)
    expect(seen).toEqual(['b 100'])
  })

  test.each([
    ['takes something in between', { success: true }],
    ['is asked about what it never had', { prevLogIndex: 101 }],
  ])('is not, if it %s', (_what, change) => {
    for (let now = 0; now < 9000; now += 50) hear(now, now % 500 === 0 ? change : {})
    expect(seen).toEqual([])
  })

  test.each([
    ['of another session', { session: 6 }],
    ['of another term', { term: 1 }],
    ['of a stranger', { from: 'z' }],
  ])('is not judged by messages %s', (_what, change) => {
    for (let now = 0; now < 9000; now += 50) hear(now, change)
    expect(seen).toEqual([])
  })

  test('is not named for a burst of refusals that were late together', () => {
    for (let i = 0; i < 100; i++) hear(1000 + i)
    expect(seen).toEqual([])
  })
})
