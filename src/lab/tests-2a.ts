// Part 2A: leader election and heartbeats (Paper §5.2).

import { ELECTION_TIMEOUT_MS } from './config.ts'
import { fail } from './failure.ts'
import { defineTest, type LabTest } from './lab-test.ts'

const initialElection = defineTest('TestInitialElection2A', 'initial election', { servers: 3 }, async (config) => {
  await config.checkOneLeader()
  // A moment, so that the followers learn of the election.
  await config.sleep(50)
  const term = config.checkTerms()
  if (term < 1) fail('a term of at least 1', `term ${term}`)
  await config.sleep(2 * ELECTION_TIMEOUT_MS)
  const later = config.checkTerms()
  if (later !== term) config.say(() => `warning: term ${later} after ${term}, although nothing failed`)
  await config.checkOneLeader()
})

const reElection = defineTest('TestReElection2A', 'election after network failure', { servers: 3 }, async (config) => {
  const first = await config.checkOneLeader()
  config.disconnect(first)
  await config.checkOneLeader()
  // The old leader must step down.
  config.connect(first)
  const second = await config.checkOneLeader()

  // One server of three can elect nobody.
  config.disconnect(second)
  config.disconnect(second + 1)
  await config.sleep(2 * ELECTION_TIMEOUT_MS)
  config.checkNoLeader()

  config.connect(second + 1)
  await config.checkOneLeader()
  config.connect(second)
  await config.checkOneLeader()
})

const manyElections = defineTest('TestManyElections2A', 'multiple elections', { servers: 7 }, async (config) => {
  await config.checkOneLeader()
  for (let round = 0; round < 9; round++) {
    // Perhaps the same server twice; four of seven are left in any case.
    const victims = [0, 0, 0].map(() => config.random.below(7))
    for (const victim of victims) config.disconnect(victim)
    await config.checkOneLeader()
    for (const victim of victims) config.connect(victim)
  }
  await config.checkOneLeader()
})

export const TESTS_2A: readonly LabTest[] = [initialElection, reElection, manyElections]
