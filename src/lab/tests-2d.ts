// Part 2D: log compaction (Paper §7). The service takes a snapshot after every tenth command, and what a server saves
// as Raft state must stay small.

import type { LabConfig } from './config.ts'
import { fail } from './failure.ts'
import { defineTest, type LabTest } from './lab-test.ts'

const MAX_LOG_BYTES = 2000
const ROUNDS = 30

/** What happens to a follower while the others go on without it. */
type Fault = 'none' | 'disconnect' | 'crash'

const snapshotBasic = snapshotTest('TestSnapshotBasic2D', 'snapshots basic', 'none', false)
const install = snapshotTest('TestSnapshotInstall2D', 'install snapshots (disconnect)', 'disconnect', false)
const installUnreliable = snapshotTest(
  'TestSnapshotInstallUnreliable2D',
  'install snapshots (disconnect+unreliable)',
  'disconnect',
  true,
)
const installCrash = snapshotTest('TestSnapshotInstallCrash2D', 'install snapshots (crash)', 'crash', false)
const installUnreliableCrash = snapshotTest(
  'TestSnapshotInstallUnCrash2D',
  'install snapshots (unreliable+crash)',
  'crash',
  true,
)

const allCrash = defineTest(
  'TestSnapshotAllCrash2D',
  'crash and restart all servers',
  { servers: 3, snapshots: true },
  async (config) => {
    await config.one(config.randomCommand(), 3, true)
    for (let round = 0; round < 5; round++) {
      for (let left = 5 + config.random.below(10); left > 0; left--) await config.one(config.randomCommand(), 3, true)
      const before = await config.one(config.randomCommand(), 3, true)
      crashAndRestartAll(config)
      const after = await config.one(config.randomCommand(), 3, true)
      if (after <= before) fail(`an index above ${before} after the restart`, String(after))
    }
  },
)

const init = defineTest(
  'TestSnapshotInit2D',
  'snapshot initialization after crash',
  { servers: 3, snapshots: true, since: 2023 },
  async (config) => {
    for (let i = 0; i < 12; i++) await config.one(config.randomCommand(), 3, true)
    crashAndRestartAll(config)
    // One command, so that each server saves: an instance that forgot its snapshot now erases it.
    await config.one(config.randomCommand(), 3, true)
    crashAndRestartAll(config)
    await config.one(config.randomCommand(), 3, true)
  },
)

function snapshotTest(name: string, title: string, fault: Fault, unreliable: boolean): LabTest {
  return defineTest(name, title, { servers: 3, unreliable, snapshots: true }, (config) => runRounds(config, fault))
}

async function runRounds(config: LabConfig, fault: Fault): Promise<void> {
  await config.one(config.randomCommand(), 3, true)
  let leader = await config.checkOneLeader()
  for (let round = 0; round < ROUNDS; round++) {
    const [sender, victim] = round % 3 === 1 ? [leader + 1, leader] : [leader, leader + 1]
    await strike(config, fault, victim)
    for (let left = 5 + config.random.below(10); left > 0; left--) config.start(sender, config.randomCommand())
    // Without a fault nobody may fall so far behind that it needs a snapshot.
    await config.one(config.randomCommand(), fault === 'none' ? 3 : 2, true)
    checkLogSize(config)
    if (fault === 'none') continue
    if (fault === 'crash') config.start1(victim)
    config.connect(victim)
    await config.one(config.randomCommand(), 3, true)
    leader = await config.checkOneLeader()
  }
}

async function strike(config: LabConfig, fault: Fault, victim: number): Promise<void> {
  if (fault === 'none') return
  if (fault === 'disconnect') config.disconnect(victim)
  else config.crash1(victim)
  await config.one(config.randomCommand(), 2, true)
}

function checkLogSize(config: LabConfig): void {
  const bytes = config.logSize()
  if (bytes >= MAX_LOG_BYTES) fail(`less than ${MAX_LOG_BYTES} bytes of Raft state`, `${bytes}: the log was not cut`)
}

function crashAndRestartAll(config: LabConfig): void {
  for (const server of config.all()) config.crash1(server)
  for (const server of config.all()) config.start1(server)
  for (const server of config.all()) config.connect(server)
}

export const TESTS_2D: readonly LabTest[] = [
  snapshotBasic,
  install,
  installUnreliable,
  installCrash,
  installUnreliableCrash,
  allCrash,
  init,
]
