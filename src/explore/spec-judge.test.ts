// The second specification as the explorer's judge: what the explorer says of several servers is switched off in this file.
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { votersOnly } from '../raft/configuration.ts'
import { encodeEntries } from '../raft/entry.ts'
import { RaftLog } from '../raft/log.ts'
import type { Message } from '../raft/message.ts'
import { Raft } from '../raft/raft.ts'
import { type Bounds, boundsOf, PRESETS } from './bounds.ts'
import { type Exploration, Explorer } from './explorer.ts'
import { MemoryFrontierStore } from './frontier-store.ts'
import { type LocalInput, LocalStepper } from './local-server.ts'
import { Properties } from './properties.ts'
import { specJudge } from './spec-judge.ts'

beforeEach(() => {
  vi.spyOn(Properties.prototype, 'brokenByStep').mockReturnValue(null)
  vi.spyOn(Properties.prototype, 'brokenInState').mockReturnValue(null)
})

afterEach(() => vi.restoreAllMocks())

function explore(given: Partial<Bounds>, maxStates: number, judged = true): Exploration {
  const bounds = boundsOf(given)
  const store = new MemoryFrontierStore()
  const judge = judged ? { judge: specJudge(bounds) } : {}
  return new Explorer({ bounds, store, memory: 2 ** 18, maxStates, ...judge }).run()
}

const CRASH: LocalInput = { type: 'crash' }
const PERSIST: LocalInput = { type: 'persist' }
const SMALL = { terms: 2, log: 2, messages: 3, proposals: 2, crashes: 0 }

describe('every step is one of the specification', () => {
  test.each(Object.entries(PRESETS))('%s', (_, bounds) => {
    expect(explore(bounds, 200)).toMatchObject({ violation: null, ending: 'states' })
  })
})

describe('a crash with writes under way', () => {
  const bounds = boundsOf({ terms: 3, log: 2, crashes: 1, unsynced: true })

  /** What the judge says of a crash of s3, and of what it finds on its disk then, when it has gone through these. */
  function crashAfter(...inputs: readonly LocalInput[]): string | null {
    const stepper = new LocalStepper(bounds)
    const before = inputs.reduce((server, input) => stepper.step(server, input).after, stepper.first(2).after)
    const { after, messages, said, state } = stepper.step(before, CRASH)
    const views = { viewBefore: () => stepper.view(before), viewAfter: state }
    return specJudge(bounds)({ before, input: CRASH, after, messages, said, ...views })
  }

  const append = (term: number, leader: string): LocalInput => {
    const entries = encodeEntries([new Uint8Array([term])], 'command', term, 1)
    const behind = { prevLogIndex: 0, prevLogTerm: 0, leaderCommit: 0, session: 1, readRound: 0, restMs: 0 }
    return { type: 'deliver', message: { type: 'AppendEntries', from: leader, to: 's3', term, entries, ...behind } }
  }

  test('the entry that was to be cut off is there again', () => {
    expect(crashAfter(append(1, 's1'), PERSIST, append(2, 's2'))).toBe(null)
  })

  test('the log that a snapshot was to replace is there again', () => {
    const meta = {
      lastIncludedIndex: 2,
      lastIncludedTerm: 2,
      configuration: votersOnly({ s1: 's1', s2: 's2', s3: 's3' }),
    }
    const envelope = { from: 's2', to: 's3', term: 2, session: 1 }
    const install: LocalInput = { type: 'deliver', message: { type: 'InstallSnapshot', ...envelope, ...meta } }
    expect(crashAfter(append(1, 's1'), PERSIST, install)).toBe(null)
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
    const { violation } = explore(SMALL, 500, false)
    vi.restoreAllMocks()
    expect(violation).toBe(null)
  })

  test('a vote for a log that lacks entries', () => {
    vi.spyOn(RaftLog.prototype, 'isUpToDate').mockReturnValue(true)
    expect(explore(SMALL, 500).violation?.detail).toContain('Rule VoteUpToDate')
  })

  test('a refusal is counted as a vote', () => {
    plantMisreading((message) => (message.type === 'RequestVoteReply' ? { ...message, granted: true } : message))
    expect(explore({ ...SMALL, terms: 1, messages: 4, proposals: 0 }, 500).violation?.detail).toContain(
      'Rule BecomeLeader',
    )
  })

  test('a follower commits whatever it has', () => {
    plantMisreading((message) => (message.type === 'AppendEntries' ? { ...message, leaderCommit: 9 } : message))
    expect(explore(SMALL, 500).violation?.detail).toContain('Rule CommitFollower')
  })
})
