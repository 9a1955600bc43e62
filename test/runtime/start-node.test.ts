// The default face, on a real disk and a real network: what it opens, it closes.
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type NodeOptions, type StateMachine, startNode } from '../../src/index.ts'

let directory: string
let busy: Server

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'quorate-start-'))
  busy = await listenSomewhere()
})

afterEach(async () => {
  await new Promise((resolve) => busy.close(resolve))
  await rm(directory, { recursive: true })
})

function listenSomewhere(): Promise<Server> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => resolve(server))
  })
}

const COUNTER: StateMachine = {
  apply: (commands) => commands.map(({ index }) => new Uint8Array([index])),
  snapshot: async function* () {},
  restore: async () => {},
}

/** A cluster of one, at an address that the system chooses. */
function alone(change: Partial<NodeOptions> = {}): NodeOptions {
  return { id: 'a', cluster: 'test', directory, members: { a: '127.0.0.1:0' }, stateMachine: COUNTER, ...change }
}

function busyAddress(): string {
  const address = busy.address()
  return typeof address === 'object' && address !== null ? `127.0.0.1:${address.port}` : ''
}

describe('startNode', () => {
  test('starts a server that answers, and that starts again from what it wrote', async () => {
    const first = await startNode(alone())
    const [place = 0] = await first.propose(new Uint8Array([1]))
    await first.stop()
    const second = await startNode(alone())
    const [next = 0] = await second.propose(new Uint8Array([1]))
    expect(next).toBeGreaterThan(place)
    await second[Symbol.asyncDispose]()
  })

  test('whose address is taken leaves its folder free', async () => {
    const starting = startNode(alone({ listen: busyAddress() }))
    await expect(starting).rejects.toMatchObject({ code: 'ERR_QUORATE_ADDRESS_IN_USE' })
    await (await startNode(alone())).stop()
  })

  test('whose options contradict each other leaves its folder free', async () => {
    const starting = startNode(alone({ raft: { maxEntryBytes: 2 ** 26 } }))
    await expect(starting).rejects.toMatchObject({ code: 'ERR_QUORATE_OPTIONS' })
    await (await startNode(alone())).stop()
  })

  test('refuses a folder that is in use', async () => {
    const node = await startNode(alone())
    await expect(startNode(alone())).rejects.toMatchObject({ code: 'ERR_QUORATE_LOCKED' })
    await node.stop()
  })

  test('refuses an id that is not a member', async () => {
    await expect(startNode(alone({ id: 'b' }))).rejects.toThrow("id 'b' is not among the members a")
  })

  test('is not stopped by a logger that throws', async () => {
    const refuse = (): never => {
      throw new Error('no room for the log file')
    }
    const node = await startNode(alone({ logger: { info: refuse, warn: refuse, error: refuse } }))
    await node.propose(new Uint8Array([1]))
    await node.stop()
  })
})
