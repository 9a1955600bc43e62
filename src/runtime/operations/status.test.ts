import { expect, test } from 'vitest'
import { votersOnly } from '../../raft/configuration.ts'
import { Raft } from '../../raft/raft.ts'
import type { BootState } from '../../raft/ready.ts'
import { Random } from '../../util/random.ts'
import { describeNode, type StatusSources } from './status.ts'

const BOOT: BootState = {
  hardState: { term: 4, votedFor: null },
  snapshot: { index: 9, term: 3, configuration: votersOnly({ a: 'a:1' }) },
  base: { index: 7, term: 3 },
  lastIndex: 9,
  terms: [],
  configurations: [],
  tail: [],
}

const SOURCES: StatusSources = { now: 0, forming: [], diskFull: false, stopped: null, isSlow: () => false }

test('a server that has just started knows its log and nobody’s leader', () => {
  const raft = new Raft({ id: 'a' }, BOOT, new Random(1), 0)
  const status = describeNode(raft.inspect(), SOURCES)
  expect(status).toMatchObject({ id: 'a', role: 'follower', term: 4, leaderId: null, peers: [], stopped: null })
  expect(status).toMatchObject({ firstIndex: 8, lastIndex: 9, snapshotIndex: 9, commitIndex: 9, lastApplied: 9 })
})

test('what is uncommitted is the leader’s to say', () => {
  const raft = new Raft({ id: 'a' }, BOOT, new Random(1), 0)
  expect(describeNode(raft.inspect(), { ...SOURCES, diskFull: true, stopped: 'a reason' })).toMatchObject({
    uncommittedBytes: 0,
    diskFull: true,
    stopped: 'a reason',
  })
  raft.tick(1000)
  raft.takeReady()
  raft.persisted(1, 1000)
  raft.propose([new Uint8Array(100)], 1000)
  expect(describeNode(raft.inspect(), SOURCES).uncommittedBytes).toBeGreaterThan(100)
})
