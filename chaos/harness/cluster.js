// The servers, what lies between them, and what lies under them.
import { mkdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { run } from './command.js'
import { ask, Caller, pairsIn } from './http.js'
import { CallFaults } from './preload.js'
import { Replacement } from './replacement.js'
import { Server } from './server.js'
import { until } from './time.js'

const IDS = ['a', 'b', 'c', 'd', 'e']
const RAFT = { heartbeatIntervalMs: 50, electionTimeoutMinMs: 300, electionTimeoutMaxMs: 600 }
export const ELECTION_TIMEOUT_MS = RAFT.electionTimeoutMaxMs
/** Small, so that logs turn over and snapshots travel within a phase. */
const SIZES = {
  snapshotEveryBytes: 100_000,
  storage: { firstSegmentBytes: 262_144, maxSegmentBytes: 524_288, maxTailBytes: 131_072 },
}
const DISK = 'size=24m'
const READY_TIMEOUT_MS = 20_000
const REQUEST_TIMEOUT_MS = 2000

export class Cluster {
  /**
   * @param folder for everything that it writes
   * @param network puts something between the servers: `stand(id, port)` says where a server is found by the others
   * @param library of `buildPreload`, or null
   * @param ownDisks whether each server can have a small file system of its own
   */
  constructor({ folder, network, library, ownDisks }) {
    Object.assign(this, { folder, network, library, ownDisks })
    this.caller = new Caller()
    /** Who votes, or will when all is healed. */
    this.servers = []
    /** The one change of a server for another that is under way; null for none. */
    this.replacement = null
    this.isReplacing = false
    /** Removed for ever. */
    this.former = []
    this.named = 0
  }

  /** Whose processes may run. */
  get everyone() {
    return this.replacement === null ? this.servers : [...this.servers, this.replacement.newcomer]
  }

  /** A name that no server had. */
  nextName() {
    const number = this.named++
    return IDS[number] ?? `n${number}`
  }

  /** @returns null when all serve; else what is wrong */
  async start(count) {
    const places = []
    while (places.length < count) places.push(await this.network.place(this.nextName()))
    const members = Object.fromEntries(places.map(({ id, member }) => [id, member]))
    for (const place of places) this.servers.push(this.configure(place, { members }))
    for (const server of this.servers) server.start()
    return this.allReady()
  }

  /** Begins to put a new server in the place of this one. @returns false when another change is under way */
  async replace(server) {
    if (this.isReplacing) return false
    this.isReplacing = true
    const replacement = new Replacement(this, server)
    await replacement.begin()
    this.replacement = replacement
    return true
  }

  /** @param membership `members` that are there, and `join` for a newcomer */
  configure({ id, listen, clients, member, wrapper }, membership) {
    const disk = join(this.folder, id)
    mkdirSync(disk)
    if (this.ownDisks) run('mount', '-t', 'tmpfs', '-o', DISK, 'none', disk)
    const data = join(disk, 'data')
    mkdirSync(data)
    const faults = this.library === null ? null : new CallFaults(this.library, join(this.folder, `${id}.faults`), data)
    const [host, port] = clients.split(':')
    const configuration = {
      ...{ id, cluster: 'chaos', data, listen, clientListen: clients, raft: RAFT, allowPlaintext: true },
      ...membership,
      ...{ requestTimeoutMs: REQUEST_TIMEOUT_MS, ...SIZES },
    }
    const files = { config: join(this.folder, `${id}.json`), log: join(this.folder, `${id}.log`) }
    const place = { disk, member, wrapper, clients: { host, port: Number(port) } }
    return new Server({ id, configuration, faults, ...place, ...files })
  }

  server(id) {
    return this.servers.find((server) => server.id === id)
  }

  /** @returns null when all serve; else what is wrong */
  async allReady() {
    for (const server of this.everyone) {
      const isReady = await until(() => server.isReady || !server.isRunning, READY_TIMEOUT_MS)
      if (isReady === null) return `${server.id} was not ready within ${READY_TIMEOUT_MS / 1000} s of its start`
      if (!server.isRunning) return `${server.id} did not start: ${describeEnd(server.ends.at(-1))}`
    }
    return null
  }

  /** What a server says of itself; null when it says nothing. */
  async statusOf(server, timeoutMs = 500) {
    const { status, body } = await this.caller.call(server.clients, '/status', undefined, timeoutMs)
    return status === 200 ? body : null
  }

  /** The server that leads in the newest term, as far as anybody says; null for none. */
  async leader() {
    const all = await Promise.all(
      this.servers.map(async (server) => ({ server, ...(server.isReady ? await this.statusOf(server) : {}) })),
    )
    const leading = all.filter(({ role }) => role === 'leader').sort((one, other) => other.term - one.term)
    return leading[0]?.server ?? null
  }

  /** @returns the pairs, and the revision they are of; null when the server does not answer */
  async list(server, prefix, serializable, timeoutMs = 3000) {
    const { status, body } = await this.caller.call(server.clients, ...ask.list(prefix, serializable), timeoutMs)
    return status === 200 ? { revision: Number(body.header?.revision ?? 0), pairs: pairsIn(body) } : null
  }

  /** Leaves a server's file system so many bytes. */
  fill({ disk }, leftBytes) {
    const { bavail, bsize } = statfsSync(disk)
    const pages = Math.max(0, Math.floor((bavail * bsize - leftBytes) / 4096))
    try {
      writeFileSync(join(disk, 'filler'), new Uint8Array(pages * 4096))
    } catch (error) {
      // The server was quicker: then it is full, which is what was wanted.
      if (error.code !== 'ENOSPC') throw error
    }
  }

  makeRoom({ disk }) {
    rmSync(join(disk, 'filler'), { force: true })
  }

  /** Whatever was done to them is undone, and all run again. */
  async heal() {
    this.network.heal()
    for (const server of this.everyone) {
      server.faults?.clear()
      this.makeRoom(server)
      server.isHeldDown = false
      server.signal('SIGCONT')
    }
    return this.startAll()
  }

  /** @returns null when all serve; else what is wrong */
  async startAll() {
    // One that met a fault before it was healed may stop itself just now, once.
    for (let attempt = 0; ; attempt++) {
      for (const server of this.everyone) if (!server.isRunning) server.start()
      const problem = await this.allReady()
      if (problem === null || attempt === 1) return problem
    }
  }

  async end() {
    await Promise.all(this.everyone.map((server) => server.kill()))
    for (const server of [...this.everyone, ...this.former]) server.faults?.close()
    this.caller.close()
    await this.network.close()
  }
}

/** In words. */
export function describeEnd({ status, signal, failure }) {
  const how = signal === null ? `status ${status}` : `signal ${signal}`
  return failure === null ? `${how}, without a word` : `${how}, ${failure.code}: ${failure.message}`
}
