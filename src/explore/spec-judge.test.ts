// The second specification as the explorer's judge: what the explorer says of several servers is switched off in this file.
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { RaftLog } from '../raft/log.ts'
import type { Message } from '../raft/message.ts'
import { Raft } from '../raft/raft.ts'
import { type Bounds, boundsOf, PRESETS } from './bounds.ts'
import { type Exploration, Explorer } from './explorer.ts'
import { MemoryFrontierStore } from './frontier-store.ts'
import { Properties } from './properties.ts'
import { specJudge } from './spec-judge.ts'

beforeEach(() => {
  vi.spyOn(Properties.prototype, 'brokenByStep').mockReturnValue(null)
  vi.spyOn(Properties.prototype, 'brokenInState').mockReturnValue(null)
})

afterEach(() => vi.restoreAllMocks())

const MAX_STATES = 1500

function explore(given: Partial<Bounds>, judged = true): Exploration {
  const bounds = boundsOf(given)
  const store = new MemoryFrontierStore()
  const judge = judged ? { judge: specJudge(bounds) } : {}
  return new Explorer({ bounds, store, memory: 2 ** 26, maxStates: MAX_STATES, ...judge }).run()
}

const SMALL = { terms: 2, log: 2, messages: 3, proposals: 2, crashes: 0 }

describe('every step is one of the specification', () => {
  test.each(Object.entries(PRESETS))('%s', (_, bounds) => {
    expect(explore(bounds)).toMatchObject({ violation: null, ending: 'states' })
  })

  test('writes that a crash loses: a vote, a cut, a snapshot', () => {
    const bounds = { terms: 3, log: 2, messages: 2, proposals: 2, crashes: 2, snapshots: 1, unsynced: true }
    expect(explore(bounds)).toMatchObject({ violation: null, ending: 'states' })
  })
})

/** The core is told something else than what arrives; whoever watches it sees what arrives. */
function plantMisreading(misread: (message: Message) => Message): void {
  const { step } = Raft.prototype
  vi.spyOn(Raft.prototype, 'step').mockImplementation(function (this: Raft, message, now) {
    step.call(this, misread(message), now)
  })
}

describe('a bug that nothing else looks for here', () => {
  afterEach(() => {
    const { violation } = explore(SMALL, false)
    vi.restoreAllMocks()
    expect(violation).toBe(null)
  })

  test('a vote for a log that lacks entries', () => {
    vi.spyOn(RaftLog.prototype, 'isUpToDate').mockReturnValue(true)
    expect(explore(SMALL).violation?.detail).toContain('Rule VoteUpToDate')
  })

  test('a refusal is counted as a vote', () => {
    plantMisreading((message) => (message.type === 'RequestVoteReply' ? { ...message, granted: true } : message))
    expect(explore(SMALL).violation?.detail).toContain('Rule BecomeLeader')
  })

  test('a follower commits whatever it has', () => {
    plantMisreading((message) => (message.type === 'AppendEntries' ? { ...message, leaderCommit: 9 } : message))
    expect(explore(SMALL).violation?.detail).toContain('Rule CommitFollower')
  })
})
