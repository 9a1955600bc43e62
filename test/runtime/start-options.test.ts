// What startNode refuses before it opens anything, and what Node's own channels hear of a node.
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type NodeOptions, type StateMachine, startNode } from '../../src/index.ts'

let directory: string

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'quorate-options-'))
})

afterEach(() => rm(directory, { recursive: true }))

const MACHINE: StateMachine = {
  apply: (commands) => commands.map(() => new Uint8Array()),
  snapshot: async function* () {},
  restore: async () => {},
}

function options(change: object = {}): NodeOptions {
  const members = { a: '127.0.0.1:0' }
  return { id: 'a', cluster: 'test', directory: join(directory, 'a'), members, stateMachine: MACHINE, ...change }
}

describe('startNode refuses', () => {
  test.each<[string, object, string]>([
    ['a name with a slash', { id: 'a/b' }, "id is 'a/b': use 1 to 64 letters"],
    ['an empty cluster', { cluster: '' }, "cluster is '': use 1 to 64 letters"],
    ['no members', { members: {} }, 'members is an object: name at least one server'],
    ['an address without a port', { members: { a: '10.0.0.1' } }, "member 'a' at '10.0.0.1': give host:port"],
    ['two servers at one address', { members: { a: 'h:1', b: 'h:1' } }, 'a and b have the same address, h:1'],
    ['an id among the members’ prototypes', { id: 'toString' }, "id 'toString' is not among the members a"],
    ['a state machine that is none', { stateMachine: { apply() {} } }, 'it has no method snapshot, restore'],
    ['a logger that is none', { logger: { log() {} } }, 'logger is an object: it has no method info, warn, error'],
    [
      'a text for a number',
      { requestTimeoutMs: '5s' },
      "requestTimeoutMs is '5s': it must be a number of milliseconds",
    ],
    ['a name of an option that there is not', { snapshotEvery: 1 }, 'did you mean snapshotEveryBytes?'],
    ['one of the core’s', { raft: { heartbeatMs: 1 } }, 'there is no option raft.heartbeatMs'],
    ['one of the storage’s', { storage: { firstSegment: 1 } }, 'did you mean firstSegmentBytes?'],
    ['time-outs that contradict each other', { raft: { electionTimeoutMinMs: 60 } }, 'below two heartbeats of 50 ms'],
    [
      'a time-out below an election',
      { requestTimeoutMs: 100 },
      'requestTimeoutMs 100 is below electionTimeoutMaxMs 600',
    ],
    ['to be told nothing', { directory: undefined, id: undefined }, 'id and directory must be given'],
  ])('%s', async (_what, change, words) => {
    const starting = startNode(options(change))
    await expect(starting).rejects.toMatchObject({
      code: 'ERR_QUORATE_OPTIONS',
      message: expect.stringContaining(words),
    })
    expect(existsSync(join(directory, 'a'))).toBe(false)
  })
})

test('an option that is undefined is as one that is left out', async () => {
  const names = [
    'listen',
    'join',
    'tls',
    'snapshotBytesPerSecond',
    'allowPlaintext',
    'logger',
    'raft',
    'storage',
    'requestTimeoutMs',
  ]
  const others = ['snapshotEveryBytes', 'maxQueuedBytes', 'diskStallMs', 'slowPeerMs']
  const node = await startNode(options(Object.fromEntries([...names, ...others].map((name) => [name, undefined]))))
  expect(await node.propose(new Uint8Array(1))).toEqual(new Uint8Array())
  await node.stop()
})

test('what a node tells is published on channels, with its id', async () => {
  const seen: unknown[] = []
  const note = (message: unknown): void => void seen.push(message)
  subscribe('quorate:leader', note)
  subscribe('quorate:snapshot', note)
  const node = await startNode(options())
  await node.propose(new Uint8Array(1))
  await node.snapshot()
  await node.stop()
  unsubscribe('quorate:leader', note)
  unsubscribe('quorate:snapshot', note)
  expect(seen).toMatchObject([
    { id: 'a', leaderId: 'a', term: 1 },
    { id: 'a', action: 'taken', index: 2 },
  ])
})
