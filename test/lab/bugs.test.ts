// The tester finds mistakes: each is planted in a Raft that is right otherwise, and a named test must fail, with words
// that say what went wrong. Two mistakes are not in the list, because the lab's tests find them with luck only and other
// tests must: counting entries of earlier terms as committed (Paper §5.4.2), and voting twice in a term.

import { describe, expect, test } from 'vitest'
import type { LabResult } from '../../src/lab/index.ts'
import { type Bug, makeReference } from './reference-raft.ts'
import { run } from './vocabulary.ts'

/** Seeds to try: what needs luck to be seen is seen with one of them. */
const SEEDS = [1, 2, 3, 4, 5, 6]

async function findFailure(name: string, bug: Bug): Promise<LabResult | null> {
  for (const seed of SEEDS) {
    const result = await run(name, makeReference(bug), seed)
    if (!result.passed) return result
  }
  return null
}

describe('the tester finds a Raft that', () => {
  test.each<[Bug, string, RegExp]>([
    ['elects at the same moment', 'TestInitialElection2A', /expected one leader, saw none/],
    ['votes for short logs', 'TestRejoin2B', /apply error: .* where server/],
    ['skips the consistency check', 'TestBackup2B', /apply error: .* where server/],
    ['commits on its own', 'TestFailNoAgree2B', /nothing committed at index 2 without a majority/],
    ['counts whatever a reply says', 'TestFailAgree2B', /agreement on 106 by 3 servers within 10 s/],
    ['adds an entry at the start of a term', 'TestBasicAgree2B', /at index 1, saw index 2/],
    ['heartbeats all the time', 'TestCount2B', /1 to 30 RPCs/],
    ['sends the whole log', 'TestRPCBytes2B', /at most 200000 bytes/],
    ['applies in no order', 'TestConcurrentStarts2B', /applied index 2 before index 1/],
    ['never saves', 'TestPersist12C', /apply error: .* where server/],
    ['cuts the log at every append', 'TestFigure8Unreliable2C', /apply error: .* where server/],
    ['commits beyond what it checked', 'TestUnreliableChurn2C', /apply error: .* where server/],
    ['never cuts the log', 'TestSnapshotBasic2D', /less than 2000 bytes of Raft state/],
    ['applies again after a snapshot', 'TestSnapshotAllCrash2D', /applied index \d+, expected \d+/],
    ['forgets its snapshot', 'TestSnapshotInit2D', /applied index \d+, expected 1/],
  ])(
    '%s, by %s',
    async (bug, name, words) => {
      expect((await findFailure(name, bug))?.error?.message).toMatch(words)
    },
    30_000,
  )
})
