// Part 2B: the log (Paper §5.3 and §5.4). Several tests propose at fixed indexes, so a leader may not put entries of
// its own into the log.

import type { Command } from './apply-msg.ts'
import { ELECTION_TIMEOUT_MS, type LabConfig } from './config.ts'
import { fail } from './failure.ts'
import { defineTest, type LabTest } from './lab-test.ts'

const basicAgree = defineTest('TestBasicAgree2B', 'basic agreement', { servers: 3 }, async (config) => {
  for (let index = 1; index <= 3; index++) {
    if (config.nCommitted(index).servers > 0) fail(`nothing at index ${index} before its start`, 'it applied')
    await oneAt(config, index, index * 100, 3)
  }
})

const rpcBytes = defineTest('TestRPCBytes2B', 'RPC byte count', { servers: 3 }, async (config) => {
  await config.one(99, 3, false)
  const before = config.network.totalBytes
  let sent = 0
  for (let index = 2; index <= 11; index++) {
    const command = randomText(config, 5000)
    await oneAt(config, index, command, 3)
    sent += command.length
  }
  const used = config.network.totalBytes - before
  const allowed = 3 * sent + 50_000
  if (used > allowed) fail(`at most ${allowed} bytes, each command to each peer once`, `${used} bytes`)
})

const followerFailure = defineTest(
  'TestFollowerFailure2B',
  'test progressive failure of followers',
  { servers: 3, since: 2023 },
  async (config) => {
    await config.one(101, 3, false)
    const first = await config.checkOneLeader()
    config.disconnect(first + 1)
    await config.one(102, 2, false)
    await config.sleep(ELECTION_TIMEOUT_MS)
    await config.one(103, 2, false)

    const second = await config.checkOneLeader()
    config.disconnect(second + 1)
    config.disconnect(second + 2)
    startOn(config, second, 104, [4])
    await config.sleep(2 * ELECTION_TIMEOUT_MS)
    checkUncommitted(config, 4)
  },
)

const leaderFailure = defineTest(
  'TestLeaderFailure2B',
  'test failure of leaders',
  { servers: 3, since: 2023 },
  async (config) => {
    await config.one(101, 3, false)
    config.disconnect(await config.checkOneLeader())
    await config.one(102, 2, false)
    await config.sleep(ELECTION_TIMEOUT_MS)
    await config.one(103, 2, false)

    config.disconnect(await config.checkOneLeader())
    for (const server of config.all()) config.start(server, 104)
    await config.sleep(2 * ELECTION_TIMEOUT_MS)
    checkUncommitted(config, 4)
  },
)

const failAgree = defineTest(
  'TestFailAgree2B',
  'agreement after follower reconnects',
  { servers: 3 },
  async (config) => {
    await config.one(101, 3, false)
    const cutOff = (await config.checkOneLeader()) + 1
    config.disconnect(cutOff)
    await config.one(102, 2, false)
    await config.one(103, 2, false)
    await config.sleep(ELECTION_TIMEOUT_MS)
    await config.one(104, 2, false)
    await config.one(105, 2, false)

    config.connect(cutOff)
    await config.one(106, 3, true)
    await config.sleep(ELECTION_TIMEOUT_MS)
    await config.one(107, 3, true)
  },
)

const failNoAgree = defineTest(
  'TestFailNoAgree2B',
  'no agreement if too many followers disconnect',
  { servers: 5 },
  async (config) => {
    await config.one(10, 5, false)
    const first = await config.checkOneLeader()
    for (const cutOff of [first + 1, first + 2, first + 3]) config.disconnect(cutOff)
    startOn(config, first, 20, [2])
    await config.sleep(2 * ELECTION_TIMEOUT_MS)
    checkUncommitted(config, 2)

    // The majority of three may have elected a leader that never saw 20: 30 then stands in its place.
    for (const cutOff of [first + 1, first + 2, first + 3]) config.connect(cutOff)
    startOn(config, await config.checkOneLeader(), 30, [2, 3])
    await config.one(1000, 5, true)
  },
)

const concurrentStarts = defineTest('TestConcurrentStarts2B', 'concurrent Start()s', { servers: 3 }, async (config) => {
  await retryWhileTermsChange(config, async () => {
    const leader = await config.checkOneLeader()
    const { term, isLeader } = config.start(leader, 1)
    if (!isLeader) return false
    const starts = [0, 1, 2, 3, 4].map((i) => config.start(leader, 100 + i))
    if (starts.some((start) => start.term !== term || !start.isLeader)) return false
    if (config.all().some((server) => config.getState(server).term !== term)) return false
    const commands = await Promise.all(starts.map(({ index }) => config.wait(index, config.servers, term)))
    if (commands.includes(null)) return false
    for (let command = 100; command < 105; command++) {
      if (!commands.includes(command)) fail(`${command} among the commands`, commands.join(', '))
    }
    return true
  })
})

const rejoin = defineTest('TestRejoin2B', 'rejoin of partitioned leader', { servers: 3 }, async (config) => {
  await config.one(101, 3, true)
  const first = await config.checkOneLeader()
  config.disconnect(first)
  for (const lost of [102, 103, 104]) config.start(first, lost)
  await config.one(103, 2, true)

  const second = await config.checkOneLeader()
  config.disconnect(second)
  config.connect(first)
  await config.one(104, 2, true)
  config.connect(second)
  await config.one(105, 3, true)
})

const backup = defineTest(
  'TestBackup2B',
  'leader backs up quickly over incorrect follower logs',
  { servers: 5 },
  async (config) => {
    await config.one(config.randomCommand(), 5, true)

    // A leader and one follower collect fifty entries that cannot commit.
    const first = await config.checkOneLeader()
    for (const server of [first + 2, first + 3, first + 4]) config.disconnect(server)
    startMany(config, first)
    await config.sleep(ELECTION_TIMEOUT_MS / 2)
    config.disconnect(first)
    config.disconnect(first + 1)

    // The other three commit fifty.
    for (const server of [first + 2, first + 3, first + 4]) config.connect(server)
    await commitMany(config)

    // Again fifty that cannot commit, on two of these three.
    const second = await config.checkOneLeader()
    const other = (first + 2) % 5 === second ? (second + 1) % 5 : (first + 2) % 5
    config.disconnect(other)
    startMany(config, second)
    await config.sleep(ELECTION_TIMEOUT_MS / 2)

    // The first two come back, with one that has what was committed.
    for (const server of config.all()) config.disconnect(server)
    for (const server of [first, first + 1, other]) config.connect(server)
    await commitMany(config)

    for (const server of config.all()) config.connect(server)
    await config.one(config.randomCommand(), 5, true)
  },
)

const count = defineTest('TestCount2B', "RPC counts aren't too high", { servers: 3 }, async (config) => {
  await config.checkOneLeader()
  const forElection = config.rpcCount()
  if (forElection < 1 || forElection > 30) fail('1 to 30 RPCs to elect the first leader', String(forElection))

  const commands = 10
  let afterAgreement = 0
  await retryWhileTermsChange(config, async () => {
    const leader = await config.checkOneLeader()
    const before = config.rpcCount()
    if (!(await agreeOnMany(config, leader, commands))) return false
    afterAgreement = config.rpcCount()
    const used = afterAgreement - before
    const allowed = (commands + 1 + 3) * 3
    if (used > allowed) fail(`at most ${allowed} RPCs for ${commands} commands`, String(used))
    return true
  })

  await config.sleep(ELECTION_TIMEOUT_MS)
  const idle = config.rpcCount() - afterAgreement
  if (idle > 3 * 20) fail('at most 60 RPCs in an idle second', String(idle))
})

/** Tries until an attempt was not disturbed by an election, at most five times. */
async function retryWhileTermsChange(config: LabConfig, attempt: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 5; tries++) {
    if (tries > 0) await config.sleep(3000)
    if (await attempt()) return
  }
  fail('one attempt of five without an election', 'the term changed too often')
}

/** Starts a dozen commands at once and waits for the first `count` of them; false when an election came between. */
async function agreeOnMany(config: LabConfig, leader: number, count: number): Promise<boolean> {
  const first = config.start(leader, 1)
  if (!first.isLeader) return false
  const commands: number[] = []
  for (let i = 1; i < count + 2; i++) {
    const command = config.randomCommand()
    commands.push(command)
    const { index, term, isLeader } = config.start(leader, command)
    if (term !== first.term || !isLeader) return false
    if (index !== first.index + i) fail(`command ${i} at index ${first.index + i}`, `index ${index}`)
  }
  for (let i = 1; i <= count; i++) {
    const found = await config.wait(first.index + i, config.servers, first.term)
    if (found === null) return false
    if (found !== commands[i - 1]) fail(`${commands[i - 1]} at index ${first.index + i}`, String(found))
  }
  return config.all().every((server) => config.getState(server).term === first.term)
}

async function oneAt(config: LabConfig, index: number, command: Command, servers: number): Promise<void> {
  const got = await config.one(command, servers, false)
  if (got !== index) fail(`the command at index ${index}`, `index ${got}`)
}

function startOn(config: LabConfig, server: number, command: Command, indexes: readonly number[]): void {
  const { index, isLeader } = config.start(server, command)
  if (!isLeader) fail(`leader ${server % config.servers} to accept ${command}`, 'a refusal')
  if (!indexes.includes(index)) fail(`${command} at index ${indexes.join(' or ')}`, `index ${index}`)
}

function checkUncommitted(config: LabConfig, index: number): void {
  const { servers } = config.nCommitted(index)
  if (servers > 0) fail(`nothing committed at index ${index} without a majority`, `it on ${servers} servers`)
}

function startMany(config: LabConfig, leader: number): void {
  for (let i = 0; i < 50; i++) config.start(leader, config.randomCommand())
}

async function commitMany(config: LabConfig): Promise<void> {
  for (let i = 0; i < 50; i++) await config.one(config.randomCommand(), 3, true)
}

function randomText(config: LabConfig, length: number): string {
  return Array.from({ length }, () => config.random.pick([...'abcdefghijklmnopqrstuvwxyz0123456789'])).join('')
}

export const TESTS_2B: readonly LabTest[] = [
  basicAgree,
  rpcBytes,
  followerFailure,
  leaderFailure,
  failAgree,
  failNoAgree,
  concurrentStarts,
  rejoin,
  backup,
  count,
]
