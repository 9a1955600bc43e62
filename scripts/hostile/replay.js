// A session between servers, recorded on its way, and said again to one of them: before its restart and after it.
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePorts, withFolder } from '../../bench/harness/children.js'
import { startNode } from '../../dist/index.js'
import { NodeFileSystem } from '../../dist/io/node-file-system.js'
import { Authority } from '../../dist/io/testing/certificates.js'
import { encodeCommand, KvStateMachine } from '../../dist/kv/index.js'
import { votersOnly } from '../../dist/raft/configuration.js'
import { openDiskStorage } from '../../dist/storage/disk-storage.js'
import { utf8Encode } from '../../dist/util/bytes.js'
import { Random } from '../../dist/util/random.js'
import { CLUSTER, sleep } from './cluster.js'

const IDS = ['s1', 's2', 's3']
/** For what was replayed to be read, and to have its effect if it has one. */
const EFFECT_MS = 500

/** @returns a row for each moment: how much was replayed, and how the server stood before and afterwards */
export async function replaySessions(note) {
  const rows = []
  const findings = []
  for (const tls of [false, true]) {
    await withFolder(tmpdir(), async (folder) => {
      const stage = await Stage.start(folder, tls ? new Authority('ours') : null)
      try {
        note(`replay over ${tls ? 'TLS' : 'TCP'}`)
        rows.push(...(await replayOver(stage, tls, findings)))
      } finally {
        await stage.end()
      }
    })
  }
  return { rows, findings }
}

async function replayOver(stage, tls, findings) {
  await stage.work()
  const victim = IDS.find((id) => id !== stage.leader)
  const rows = []
  for (const when of ['before its restart', 'after its restart']) {
    const before = await stage.restartAndLook(victim)
    if (when === 'after its restart') await stage.depose(victim)
    const start = when === 'after its restart' ? await stage.restartAndLook(victim) : before
    const { connections, bytes } = await stage.replayTo(victim)
    const after = await stage.restartAndLook(victim)
    const isSame = JSON.stringify(start) === JSON.stringify(after)
    rows.push({ over: tls ? 'TLS' : 'TCP', when, connections, bytes, before: start, after, isSame })
    if (!isSame) findings.push(`${victim} was ${JSON.stringify(start)} and is ${JSON.stringify(after)}, ${when}`)
  }
  rows.push(await replayToLeader(stage, tls, findings))
  return rows
}

/**
 * Followers pass commands on to the leader. Over TCP whoever has recorded that can have them carried out once more, as he
 * could make up others; only TLS keeps him out, and sessions see that a command was there before.
 */
async function replayToLeader(stage, tls, findings) {
  const { firstLeader } = stage
  await stage.hand(firstLeader)
  const node = stage.nodes.get(firstLeader)
  const standing = () => {
    const { term, lastIndex } = node.status()
    return { term, lastIndex }
  }
  const before = standing()
  const { connections, bytes } = await stage.replayTo(firstLeader)
  await stage.settle()
  const after = standing()
  const isSame = JSON.stringify(before) === JSON.stringify(after)
  const place = `the leader ${firstLeader}`
  if (after.term !== before.term || (tls && !isSame))
    findings.push(`${place} was ${JSON.stringify(before)} and is ${JSON.stringify(after)}`)
  return { over: tls ? 'TLS' : 'TCP', when: 'to the leader', connections, bytes, before, after, isSame }
}

class Stage {
  constructor(folder, authority) {
    this.folder = folder
    this.authority = authority
    this.nodes = new Map()
    this.proxies = new Map()
  }

  static async start(folder, authority) {
    const stage = new Stage(folder, authority)
    const ports = await freePorts(IDS.length)
    stage.listen = Object.fromEntries(IDS.map((id, i) => [id, `127.0.0.1:${ports[i]}`]))
    for (const id of IDS) stage.proxies.set(id, await Recorder.start(stage.listen[id]))
    stage.members = Object.fromEntries(IDS.map((id) => [id, stage.proxies.get(id).address]))
    await Promise.all(IDS.map((id) => stage.serve(id)))
    return stage
  }

  async serve(id) {
    const { members, listen, authority } = this
    const machine = new KvStateMachine()
    const tls = authority === null ? {} : { tls: () => authority.member(`quorate://${CLUSTER}/${id}`) }
    const place = { id, cluster: CLUSTER, directory: join(this.folder, id), listen: listen[id], members }
    const node = await startNode({ ...place, stateMachine: machine, storage: { firstSegmentBytes: 65_536 }, ...tls })
    this.nodes.set(id, node)
    await node.waitForLeader({ timeoutMs: 20_000 })
  }

  get leader() {
    return [...this.nodes.values()].find((node) => node.status().role === 'leader')?.status().id
  }

  /** Commands through all, so that some are forwarded, reads, and a change of leader: something of every kind. */
  async work() {
    this.firstLeader = this.leader
    for (let i = 0; i < 30; i++) {
      for (const node of this.nodes.values()) await node.propose(putOf(`${node.status().id} ${i}`))
    }
    for (const node of this.nodes.values()) await node.read(() => {})
    const to = IDS.find((id) => id !== this.leader)
    await this.nodes.get(this.leader).transferLeadership(to)
    for (const node of this.nodes.values()) await node.propose(putOf(`${node.status().id} again`))
    await this.settle()
  }

  /**
   * Everybody has everything, so that nothing new comes to anybody. Of a leader who has just won all have applied the
   * same, and the first entry of its term is still to come: its log is longer than what it has applied.
   */
  async settle() {
    const stateOf = ({ term, lastIndex, lastApplied }) => `${term} ${lastIndex - lastApplied} ${lastApplied}`
    const states = () => new Set([...this.nodes.values()].map((node) => stateOf(node.status())))
    const isUneven = () => this.leader === undefined || states().size > 1 || ![...states()][0].includes(' 0 ')
    for (let left = 500; isUneven() && left > 0; left--) await sleep(20)
  }

  /** A term more than any that was recorded. */
  async depose(victim) {
    await this.hand(IDS.find((id) => id !== this.leader && id !== victim))
  }

  async hand(to) {
    for (let left = 5; this.leader !== to && left > 0; left--) {
      await this.nodes
        .get(this.leader)
        .transferLeadership(to)
        .catch(() => {})
      await this.settle()
    }
  }

  /** What its disk says: read while it is stopped. */
  async restartAndLook(id) {
    await this.settle()
    await this.nodes.get(id).stop()
    const initialConfiguration = votersOnly(this.members)
    const fileSystem = new NodeFileSystem(join(this.folder, id))
    const opened = await openDiskStorage({
      fileSystem,
      clusterId: CLUSTER,
      serverId: id,
      initialConfiguration,
      random: new Random(1),
    })
    const { hardState, lastIndex, terms } = opened.boot
    await opened.close()
    await this.serve(id)
    return { term: hardState.term, votedFor: hardState.votedFor, lastIndex, lastTerm: terms.at(-1)?.term ?? 0 }
  }

  async replayTo(id) {
    const { sessions } = this.proxies.get(id)
    const recorded = sessions.map((pieces) => Buffer.concat(pieces)).filter(({ length }) => length > 0)
    const [host, port] = this.listen[id].split(':')
    await Promise.all(recorded.map((bytes) => say(host, Number(port), bytes)))
    await sleep(EFFECT_MS)
    return { connections: recorded.length, bytes: recorded.reduce((sum, { length }) => sum + length, 0) }
  }

  async end() {
    await Promise.all([...this.nodes.values()].map((node) => node.stop({ handOver: false })))
    for (const proxy of this.proxies.values()) proxy.end()
  }
}

function say(host, port, bytes) {
  return new Promise((resolve) => {
    const socket = connect(port, host)
    socket.on('error', () => {})
    socket.write(bytes)
    socket.resume()
    const timer = setTimeout(() => socket.destroy(), EFFECT_MS)
    socket.once('close', () => {
      clearTimeout(timer)
      resolve()
    })
  })
}

/** Hands on what comes, and keeps what callers say. */
class Recorder {
  static start(target) {
    const proxy = new Recorder()
    const [host, port] = target.split(':')
    proxy.sessions = []
    proxy.sockets = new Set()
    proxy.server = createServer((caller) => {
      const pieces = []
      proxy.sessions.push(pieces)
      const callee = connect(Number(port), host)
      for (const [from, to] of [
        [caller, callee],
        [callee, caller],
      ]) {
        proxy.sockets.add(from)
        from.on('error', () => {}).once('close', () => to.destroy())
        from.on('data', (bytes) => to.write(bytes))
      }
      caller.on('data', (bytes) => pieces.push(bytes))
    })
    return new Promise((resolve) => {
      proxy.server.listen(0, '127.0.0.1', () => {
        proxy.address = `127.0.0.1:${proxy.server.address().port}`
        resolve(proxy)
      })
    })
  }

  end() {
    for (const socket of this.sockets) socket.destroy()
    this.server.close()
  }
}

function putOf(key) {
  return encodeCommand({ type: 'put', key: utf8Encode(key), value: utf8Encode('value'), withPrevious: false })
}
