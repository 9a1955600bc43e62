// Part 2C: persistence (Paper Figure 2, "persistent state"), crashes and bad networks. Figure 8 is Paper §5.4.2.

import { clientLoop } from './churn-client.ts'
import { ELECTION_TIMEOUT_MS, type LabConfig } from './config.ts'
import { fail } from './failure.ts'
import { defineTest, type LabTest } from './lab-test.ts'

const persist1 = defineTest('TestPersist12C', 'basic persistence', { servers: 3 }, async (config) => {
  await config.one(11, 3, true)
  for (const server of config.all()) config.start1(server)
  for (const server of config.all()) config.connect(server)
  await config.one(12, 3, true)

  const first = await config.checkOneLeader()
  config.disconnect(first)
  restart(config, first)
  await config.one(13, 3, true)

  const second = await config.checkOneLeader()
  config.disconnect(second)
  await config.one(14, 2, true)
  restart(config, second)
  // It must catch up before the next server goes.
  await config.wait(4, 3, null)

  const third = (await config.checkOneLeader()) + 1
  config.disconnect(third)
  await config.one(15, 2, true)
  restart(config, third)
  await config.one(16, 3, true)
})

const persist2 = defineTest('TestPersist22C', 'more persistence', { servers: 5 }, async (config) => {
  let command = 11
  for (let round = 0; round < 5; round++) {
    await config.one(command++, 5, true)
    const leader = await config.checkOneLeader()
    config.disconnect(leader + 1)
    config.disconnect(leader + 2)
    await config.one(command++, 3, true)

    for (const server of [leader, leader + 3, leader + 4]) config.disconnect(server)
    config.start1(leader + 1)
    config.start1(leader + 2)
    config.connect(leader + 1)
    config.connect(leader + 2)
    await config.sleep(ELECTION_TIMEOUT_MS)
    restart(config, leader + 3)
    await config.one(command++, 3, true)

    config.connect(leader + 4)
    config.connect(leader)
  }
  await config.one(1000, 5, true)
})

const persist3 = defineTest(
  'TestPersist32C',
  'partitioned leader and one follower crash, leader restarts',
  { servers: 3 },
  async (config) => {
    await config.one(101, 3, true)
    const leader = await config.checkOneLeader()
    config.disconnect(leader + 2)
    await config.one(102, 2, true)

    config.crash1(leader)
    config.crash1(leader + 1)
    config.connect(leader + 2)
    restart(config, leader)
    await config.one(103, 2, true)
    restart(config, leader + 1)
    await config.one(104, 3, true)
  },
)

const figure8 = defineTest('TestFigure82C', 'Figure 8', { servers: 5 }, async (config) => {
  await config.one(config.randomCommand(), 1, true)
  let up = 5
  for (let iteration = 0; iteration < 1000; iteration++) {
    const leader = startEverywhere(config, () => config.randomCommand())
    await figure8Pause(config)
    if (leader !== null) {
      config.crash1(leader)
      up--
    }
    if (up < 3) {
      const server = config.random.below(5)
      if (config.raft(server) === null) {
        restart(config, server)
        up++
      }
    }
  }
  for (const server of config.all()) if (config.raft(server) === null) restart(config, server)
  await config.one(config.randomCommand(), 5, true)
})

const unreliableAgree = defineTest(
  'TestUnreliableAgree2C',
  'unreliable agreement',
  { servers: 5, unreliable: true },
  async (config) => {
    const background: Promise<number>[] = []
    for (let round = 1; round < 50; round++) {
      for (let client = 0; client < 4; client++) {
        background.push(config.inBackground(config.one(100 * round + client, 1, true)))
      }
      await config.one(round, 1, true)
    }
    config.network.reliable = true
    await Promise.all(background)
    await config.one(100, 5, true)
  },
)

const figure8Unreliable = defineTest(
  'TestFigure8Unreliable2C',
  'Figure 8 (unreliable)',
  { servers: 5, unreliable: true },
  async (config) => {
    const command = (): number => config.random.below(10_000)
    await config.one(command(), 1, true)
    let up = 5
    for (let iteration = 0; iteration < 1000; iteration++) {
      if (iteration === 200) config.network.longReordering = true
      const leader = startEverywhere(config, command, (server) => config.isConnected(server))
      await figure8Pause(config)
      if (leader !== null && config.random.chance(0.5)) {
        config.disconnect(leader)
        up--
      }
      if (up < 3) {
        const server = config.random.below(5)
        if (!config.isConnected(server)) {
          config.connect(server)
          up++
        }
      }
    }
    for (const server of config.all()) if (!config.isConnected(server)) config.connect(server)
    await config.one(command(), 5, true)
  },
)

const reliableChurn = defineTest('TestReliableChurn2C', 'churn', { servers: 5 }, churn)

const unreliableChurn = defineTest('TestUnreliableChurn2C', 'unreliable churn', { servers: 5, unreliable: true }, churn)

/** Servers come and go for a quarter of a minute; whatever a client saw committed must be in the log at the end. */
async function churn(config: LabConfig): Promise<void> {
  const stop = { now: false }
  const clients = config.inBackground(Promise.all([0, 1, 2].map((client) => clientLoop(config, client, stop))))
  for (let round = 0; round < 20; round++) {
    disturb(config)
    await config.sleep(ELECTION_TIMEOUT_MS * 0.7)
  }

  await config.sleep(ELECTION_TIMEOUT_MS)
  config.network.reliable = true
  for (const server of config.all()) {
    if (config.raft(server) === null) config.start1(server)
    config.connect(server)
  }
  stop.now = true
  const seen = (await clients).flat()
  await config.sleep(ELECTION_TIMEOUT_MS)
  await checkAllThere(config, seen)
}

function disturb(config: LabConfig): void {
  const { random } = config
  if (random.chance(0.2)) config.disconnect(random.below(5))
  if (random.chance(0.5)) {
    const server = random.below(5)
    if (config.raft(server) === null) config.start1(server)
    config.connect(server)
  }
  if (random.chance(0.2)) {
    const server = random.below(5)
    if (config.raft(server) !== null) config.crash1(server)
  }
}

/** @throws LabFailure when a command that a client saw committed is not in the log of every server */
export async function checkAllThere(config: LabConfig, seen: readonly number[]): Promise<void> {
  const lastIndex = await config.one(config.randomCommand(), config.servers, true)
  const commands = new Set<unknown>()
  for (let index = 1; index <= lastIndex; index++) commands.add(await config.wait(index, config.servers, null))
  const lost = seen.filter((command) => !commands.has(command))
  if (lost.length > 0) fail(`all ${seen.length} commands that clients saw committed`, `${lost.length} of them lost`)
}

function restart(config: LabConfig, server: number): void {
  config.start1(server)
  config.connect(server)
}

/** Offers a command to every live server, cut off or not; the last to accept that `counts`, or null. */
function startEverywhere(
  config: LabConfig,
  command: () => number,
  counts: (server: number) => boolean = () => true,
): number | null {
  let leader: number | null = null
  for (const server of config.all()) {
    if (config.raft(server) === null) continue
    if (config.start(server, command()).isLeader && counts(server)) leader = server
  }
  return leader
}

/** Mostly too short for an agreement, at times long enough for an election. */
function figure8Pause(config: LabConfig): Promise<void> {
  const long = config.random.chance(0.1)
  return config.sleep(long ? config.random.below(ELECTION_TIMEOUT_MS / 2) : config.random.below(13))
}

export const TESTS_2C: readonly LabTest[] = [
  persist1,
  persist2,
  persist3,
  figure8,
  unreliableAgree,
  figure8Unreliable,
  reliableChurn,
  unreliableChurn,
]
