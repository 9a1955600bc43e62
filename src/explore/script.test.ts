import { afterEach, describe, expect, test, vi } from 'vitest'
import { runScript } from '../raft/testing/script.ts'
import { type Bounds, boundsOf } from './bounds.ts'
import { Explorer } from './explorer.ts'
import { MemoryFrontierStore } from './frontier-store.ts'
import { tellPath } from './path.ts'
import { scriptOf } from './script.ts'
import { plantTwoVotes } from './testing/planted-bugs.ts'
import type { LocalStep } from './transitions.ts'

/** The shortest way to a step that somebody objects to, as a script. */
function scriptTo(given: Partial<Bounds>, objects: (step: LocalStep) => boolean = () => false): string {
  const bounds = boundsOf({ servers: 3, proposals: 0, heartbeats: 0, crashes: 0, messages: 6, ...given })
  const judge = (step: LocalStep): string | null => (objects(step) ? 'Found' : null)
  const explorer = new Explorer({ bounds, store: new MemoryFrontierStore(), memory: 2 ** 26, judge })
  const { violation } = explorer.run()
  return violation === null ? '' : scriptOf(violation.detail, bounds, tellPath(explorer, bounds, violation.actions))
}

/** The trace of a script whose every command was carried out. */
function happened(script: string): string[] {
  const trace = runScript(script)
  expect(trace).not.toMatch(/no such message|refuses|cannot take/)
  return trace.slice(trace.indexOf('----')).split('\n')
}

afterEach(() => vi.restoreAllMocks())

describe('a violation as a script', () => {
  test('breaks the invariants of the core’s own tests as long as the bug is there', () => {
    const heal = plantTwoVotes()
    const script = scriptTo({ terms: 1, log: 1 })
    expect(script).toMatch(/^# One Vote: s\d voted for s\d, then s\d, in term 1\n/)
    expect(() => runScript(script)).toThrow('Rule VoteOnce')
    heal()
    expect(() => runScript(script)).not.toThrow()
  })

  test('says which of several messages it means', () => {
    const sends = ({ messages }: LocalStep): boolean =>
      messages.some((one) => one.type === 'AppendEntriesReply' && one.success && one.index === 2)
    const script = scriptTo({ servers: 2, terms: 1, log: 2, proposals: 2 }, sends)
    expect(script.split('\n').slice(1)).toEqual([
      'servers 2 preVote=off noopAtTermStart=off',
      'timeout s1',
      'wait s2 1000',
      'deliver s1->s2 RequestVote 1',
      'deliver s2->s1 RequestVoteReply 1',
      'deliver s1->s2 AppendEntries 1',
      'propose s1 x',
      'propose s1 x',
      'deliver s2->s1 AppendEntriesReply 1',
      'deliver s1->s2 AppendEntries 1',
      'status',
      '',
    ])
    expect(happened(script)).toContain('s2→s1 AppendEntriesReply term=1 ok match=2')
  })
})

describe('a script says what the explorer saw', () => {
  test('of a crash that loses a vote which was not synced', () => {
    const bounds = { servers: 2, terms: 2, log: 1, crashes: 1, unsynced: true }
    const script = scriptTo(bounds, ({ before, input }) => input.type === 'crash' && before.pending.length > 1)
    expect(script).toContain('disk s1 held')
    expect(happened(script)).toContain('s1 follower term=0 votedFor=- log=- commit=0 applied=0')
  })

  test('of PreVote and time-outs', () => {
    const script = scriptTo({ servers: 2, terms: 2, log: 1, preVote: true }, ({ input, messages }) => {
      const isGranted = messages.some((one) => one.type === 'PreVoteReply' && one.granted)
      return input.type === 'deliver' && isGranted
    })
    expect(happened(script).join('\n')).toContain('granted')
  })

  test('of a snapshot that is sent and installed', () => {
    const script = scriptTo({ terms: 1, log: 1, proposals: 1, snapshots: 1, messages: 4 }, ({ messages }) =>
      messages.some(({ type }) => type === 'InstallSnapshotReply'),
    )
    expect(happened(script).join('\n')).toContain('InstallSnapshotReply')
  })

  test('of a server that joins', () => {
    const script = scriptTo(
      { servers: 2, spares: 1, terms: 1, log: 4, noop: true, changes: 1 },
      ({ before, messages }) => messages.some(({ type }) => before.id === 's3' && type === 'AppendEntriesReply'),
    )
    expect(happened(script).join('\n')).toContain('s3→')
  })

  test('of a hand-over, a lost and a repeated message', () => {
    const bounds = { servers: 2, terms: 2, log: 1, transfers: 1, duplicates: 1, losses: 1, messages: 3 }
    const script = scriptTo(bounds, ({ messages }) =>
      messages.some((one) => one.type === 'RequestVote' && one.transfer),
    )
    expect(happened(script).join('\n')).toContain('transfer')
  })
})
