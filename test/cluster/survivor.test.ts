// The majority is lost for good: `quorate recover` makes a new cluster of the one that is left, as an operator would.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type RaftNode, type StateMachine, startNode } from '../../src/index.ts'
import { freePorts, killAll, QuorateProcess, temporaryFolder } from './server-process.ts'

const CONSENT = '--yes-i-understand-that-data-may-be-lost'

/** Keeps every command, as text. */
class Lines implements StateMachine {
  lines: string[] = []

  apply(entries: Parameters<StateMachine['apply']>[0]): Uint8Array[] {
    return entries.map(({ command }) => new Uint8Array([this.lines.push(Buffer.from(command).toString())]))
  }

  snapshot(): AsyncIterable<Uint8Array> {
    const text = this.lines.join()
    return (async function* () {
      yield Buffer.from(text)
    })()
  }

  async restore(source: AsyncIterable<Uint8Array>): Promise<void> {
    let text = ''
    for await (const piece of source) text += Buffer.from(piece).toString()
    this.lines = text.split(',')
  }
}

let folder: string
let members: { [id: string]: string }
const running = new Set<RaftNode>()
const machines = new Map<string, Lines>()

beforeEach(async () => {
  folder = temporaryFolder()
  const ports = await freePorts(3)
  members = Object.fromEntries(['a', 'b', 'c'].map((id, i) => [id, `127.0.0.1:${ports[i]}`]))
})

afterEach(async () => {
  await Promise.all([...running].map((node) => node.stop({ handOver: false })))
  running.clear()
  await killAll()
})

async function start(id: string, cluster = 'shop', among = members): Promise<RaftNode> {
  const machine = new Lines()
  machines.set(id, machine)
  const directory = join(folder, id)
  const node = await startNode({ id, cluster, directory, members: among, stateMachine: machine })
  running.add(node)
  return node
}

async function stop(...nodes: readonly RaftNode[]): Promise<void> {
  for (const node of nodes) {
    await node.stop({ handOver: false })
    running.delete(node)
  }
}

async function recover(...args: string[]): Promise<{ status: number | null; stdout: string; stderr: string }> {
  const command = new QuorateProcess(['recover', '--directory', join(folder, 'a'), '--id', 'a', ...args])
  const { status } = await command.ended
  return { status, stdout: command.stdout, stderr: command.stderr }
}

/** Three servers that agree on three lines and a snapshot; then b and c are gone. */
async function loseTheMajority(): Promise<void> {
  const [a, b, c] = [await start('a'), await start('b'), await start('c')]
  for (const line of ['x', 'y', 'z']) await a.propose(Buffer.from(line))
  await a.waitFor(({ lastApplied }) => lastApplied >= 4)
  await a.snapshot()
  await stop(b, c, a)
}

describe('quorate recover', () => {
  test('says what is there and what would be lost, and changes nothing until it is told to', async () => {
    await loseTheMajority()
    const { status, stdout } = await recover('--cluster', 'shop-2')
    expect(status).toBe(1)
    expect(stdout).toContain(`holds server a of cluster shop:`)
    expect(stdout).toContain(`a at ${members['a']} (this one), b at ${members['b']}`)
    expect(stdout).toContain('are lost for good')
    expect(stdout).toContain(`Nothing was changed. To go on, run it again with ${CONSENT}`)
    expect(existsSync(join(folder, 'a', 'recovery-to-shop-2.json'))).toBe(false)
    await start('a')
  }, 30_000)

  test('makes a cluster that works, with all that the survivor had, and that the others cannot join', async () => {
    await loseTheMajority()
    expect(await recover('--cluster', 'shop-2', CONSENT)).toMatchObject({ status: 0 })
    const survivor = await start('a', 'shop-2', { a: members['a'] ?? '' })
    expect(await survivor.waitForLeader()).toBe('a')
    await survivor.propose(Buffer.from('after'))
    expect(machines.get('a')?.lines).toEqual(['x', 'y', 'z', 'after'])
    expect(survivor.status().configuration.voters).toEqual(['a'])
    // The others come back from the dead, elect one of their own, and hear nothing of it.
    const [b, c] = [await start('b'), await start('c')]
    await b.propose(Buffer.from('of the dead'))
    expect(machines.get('a')?.lines).toEqual(['x', 'y', 'z', 'after'])
    expect([b.status().leaderId, c.status().leaderId]).not.toContain('a')
    expect(survivor.status().term).toBeLessThan(20)
  }, 30_000)

  test('refuses a folder that a server runs on, and one of another server', async () => {
    const a = await start('a')
    expect(await recover('--cluster', 'shop-2', CONSENT)).toMatchObject({
      status: 1,
      stderr: expect.stringMatching('is in use by process'),
    })
    await stop(a)
    const command = new QuorateProcess(['recover', '--directory', join(folder, 'a'), '--id', 'b', '--cluster', 'x'])
    expect(await command.ended).toMatchObject({ status: 1 })
    expect(command.stderr).toContain('belongs to server a, not to b')
  }, 30_000)

  test('of a folder that is not there says so, and does not make one', async () => {
    expect(await recover('--cluster', 'shop-2', CONSENT)).toMatchObject({
      status: 1,
      stderr: expect.stringMatching("holds no server's data: name the survivor's own folder"),
    })
    expect(existsSync(join(folder, 'a'))).toBe(false)
  }, 30_000)

  test.each([
    [[], 'give --cluster, a name for the new cluster'],
    [['--cluster', 'a b'], "--cluster is 'a b': use 1 to 64 letters"],
    [['--cluster', 'x', '--address', 'here'], "--address is 'here': give host:port"],
    [['--cluster', 'x', '--force'], "Unknown option '--force'"],
    [['--cluster', 'x', 'now'], "unexpected 'now'"],
  ])(
    'called wrongly with %o says so in one line',
    async (args, words) => {
      const { status, stderr } = await recover(...args)
      expect(status).toBe(2)
      expect(stderr).toContain(words)
      expect(stderr.trimEnd().split('\n')).toHaveLength(1)
    },
    30_000,
  )
})
