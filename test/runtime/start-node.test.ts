// The default face, on a real disk and a real network: what it opens, it closes.
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type Certificates, type NodeOptions, type RaftNode, type StateMachine, startNode } from '../../src/index.ts'
import { Authority } from '../../src/io/testing/certificates.ts'

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

async function freeAddress(): Promise<string> {
  const server = await listenSomewhere()
  const address = addressOf(server)
  await new Promise((resolve) => server.close(resolve))
  return address
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

function addressOf(server: Server): string {
  const address = server.address()
  return typeof address === 'object' && address !== null ? `127.0.0.1:${address.port}` : ''
}

describe('startNode with tls', () => {
  const authority = new Authority('ours')
  const has = authority.member('quorate://test/a')

  test('refuses certificates that are not good before it touches the folder', async () => {
    const starting = startNode(alone({ tls: () => ({ ...has, ca: '' }) }))
    await expect(starting).rejects.toMatchObject({ code: 'ERR_QUORATE_CERTIFICATE_INVALID' })
    expect(await readdir(directory)).toEqual([])
  })

  test('refuses the certificate of another member', async () => {
    const starting = startNode(alone({ tls: () => authority.member('quorate://test/b') }))
    await expect(starting).rejects.toThrow('should name this server: subjectAltName = URI:quorate://test/a')
  })

  test('does not take allowPlaintext beside it', async () => {
    await expect(startNode(alone({ tls: () => has, allowPlaintext: true }))).rejects.toThrow('contradict each other')
  })

  test('takes up new certificates when told to, and says so; bad ones leave it as it was', async () => {
    const said: string[] = []
    const note = (words: string): void => void said.push(words)
    let now = has
    const node = await startNode(alone({ tls: () => now, logger: { info: note, warn: note, error: note } }))
    await node.reloadCertificates()
    now = { ...has, key: '' }
    await expect(node.reloadCertificates()).rejects.toMatchObject({ code: 'ERR_QUORATE_CERTIFICATE_INVALID' })
    await node.propose(new Uint8Array([1]))
    await node.stop()
    expect(said.filter((words) => words.includes('certificate'))).toEqual([
      'certificate read',
      'certificates reloaded',
      'the certificates were not reloaded, the old ones stay',
    ])
  })

  test('three servers replicate, each with a certificate of its own', async () => {
    const ids = ['a', 'b', 'c']
    const addresses = await Promise.all(ids.map(freeAddress))
    const members = Object.fromEntries(ids.map((id, i) => [id, addresses[i] ?? '']))
    const start = (id: string): Promise<RaftNode> => {
      const tls = (): Certificates => authority.member(`quorate://test/${id}`)
      return startNode(alone({ id, members, tls, directory: join(directory, id) }))
    }
    const nodes = await Promise.all(ids.map(start))
    for (const node of nodes) expect(await node.propose(new Uint8Array([1]))).toHaveLength(1)
    await Promise.all(nodes.map((node) => node.stop()))
  })

  test('without tls there is nothing to reload', async () => {
    const node = await startNode(alone())
    await expect(node.reloadCertificates()).rejects.toThrow('started without tls')
    await node.stop()
  })
})

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
    const starting = startNode(alone({ listen: addressOf(busy) }))
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
