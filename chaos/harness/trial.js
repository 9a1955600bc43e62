// One server, one fault: it starts, takes 200 commands or stops, is killed, and starts again on a sound disk.
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { describeEnd } from './cluster.js'
import { ask, Caller, pairsIn } from './http.js'
import { freePorts } from './ports.js'
import { CALLS, CallFaults } from './preload.js'
import { Server } from './server.js'
import { sleep, until } from './time.js'

const COMMANDS = 200
const WRITERS = 8
const VALUE = 'v'.repeat(150)
const RAFT = { heartbeatIntervalMs: 20, electionTimeoutMinMs: 50, electionTimeoutMaxMs: 100 }
/** So small that 200 commands make several segments and snapshots. */
const SIZES = {
  snapshotEveryBytes: 12_000,
  storage: { firstSegmentBytes: 16_384, maxSegmentBytes: 16_384, maxTailBytes: 8192 },
}
const DEADLINE_MS = 20_000
const STOPPING_MS = 700
/** What is in one of these is acknowledged. Of other files nobody knows yet; a server may do without them. */
const LOG_FILE = /\.qlog$/

export class Trial {
  /** @param kind `new`, or `used`: a folder that has taken 200 commands and a kill @param fault a rule, or null */
  constructor({ folder, library, kind, fault }) {
    Object.assign(this, { kind, fault, library })
    this.folder = mkdtempSync(join(folder, 'trial-'))
    this.caller = new Caller()
    this.acknowledged = new Map()
    this.perhaps = new Set()
    this.violations = []
    this.number = 0
  }

  async run() {
    const server = await this.configure()
    this.server = server
    try {
      if (this.kind === 'used') await this.use()
      if (this.fault !== null) server.faults.set(0, this.fault)
      server.start()
      await until(() => server.isReady || !server.isRunning, DEADLINE_MS)
      const callsAtStart = this.counts()
      await this.write(COMMANDS)
      const calls = this.counts()
      const fired = server.faults.firedBy(0) > 0
      // The last commands may have been answered before a fault of the same moment has made it stop.
      if (fired) await until(() => !server.isRunning || server.failure !== null, STOPPING_MS)
      if (server.failure !== null) await until(() => !server.isRunning, DEADLINE_MS)
      const outcome = this.judge(fired)
      await this.restart()
      return { calls, callsAtStart, fired, outcome, violations: this.violations }
    } finally {
      await server.kill()
      server.faults.close()
      this.caller.close()
      rmSync(this.folder, { recursive: true, force: true })
    }
  }

  async configure() {
    const [port, clientPort] = await freePorts(2)
    const data = join(this.folder, 'data')
    mkdirSync(data)
    const [listen, clientListen] = [port, clientPort].map((each) => `127.0.0.1:${each}`)
    const configuration = {
      ...{ id: 'a', cluster: 'chaos', data, members: { a: listen }, clientListen },
      ...{ raft: RAFT, requestTimeoutMs: 2000, ...SIZES },
    }
    const files = { config: join(this.folder, 'a.json'), log: join(this.folder, 'a.log') }
    const faults = new CallFaults(this.library, join(this.folder, 'faults'), data)
    const clients = { host: '127.0.0.1', port: clientPort }
    return new Server({ id: 'a', configuration, faults, wrapper: [], clients, ...files })
  }

  async use() {
    this.server.start()
    await until(() => this.server.isReady, DEADLINE_MS)
    await this.write(COMMANDS)
    await this.server.kill()
  }

  counts() {
    return Object.fromEntries(CALLS.map((call) => [call, this.server.faults.countOf(call)]))
  }

  /** So many commands that are acknowledged, unless the server stops. */
  async write(count) {
    const goal = this.acknowledged.size + count
    const deadline = performance.now() + DEADLINE_MS
    const writer = async () => {
      while (this.acknowledged.size < goal && this.server.isRunning && performance.now() < deadline)
        await this.writeOne()
    }
    await Promise.all(Array.from({ length: WRITERS }, writer))
    if (this.server.isRunning && this.acknowledged.size < goal)
      this.violations.push(
        `it runs, and took ${this.acknowledged.size} of ${goal} commands within ${DEADLINE_MS / 1000} s`,
      )
  }

  async writeOne() {
    const key = `k${String(++this.number).padStart(5, '0')}`
    const { status, body } = await this.caller.call(this.server.clients, ...ask.put(key, VALUE), 3000)
    if (status === 200) this.acknowledged.set(key, Number(body.header.revision))
    else if (body.applied !== 'no') this.perhaps.add(key)
    if (status !== 200) await sleep(20)
  }

  /** @returns in a few words what became of the server */
  judge(fired) {
    const { server, fault } = this
    if (!fired) return 'not met'
    const end = server.ends.at(-1)
    const hasEnded = !server.isRunning
    if (hasEnded && (end.status !== 1 || end.failure === null)) {
      this.violations.push(`it ended without saying why: ${describeEnd(end)}`)
      return 'ended without words'
    }
    if (hasEnded && end.failure.code === 'ERR_QUORATE_STORAGE_DAMAGED')
      this.violations.push(`it takes an error for damage: ${describeEnd(end)}`)
    if (hasEnded && !end.failure.code.startsWith('ERR_QUORATE_'))
      this.violations.push(`it stopped with a code that is not ours: ${describeEnd(end)}`)
    if (hasEnded) return `stopped with ${end.failure.code}`
    const file = this.fileMet()
    const isFinal = fault.error === 'EIO' && (fault.calls[0] === 'write' || fault.calls[0] === 'sync')
    if (isFinal && LOG_FILE.test(file))
      this.violations.push(`it went on after a ${fault.calls[0]} of ${file} that failed with EIO`)
    return `went on without ${file.replaceAll(/\d+/g, 'N')}`
  }

  /** The name of the file whose call failed, as the preloaded library has written it into the server's log. */
  fileMet() {
    const line = readFileSync(this.server.log, 'utf8').match(/^\{"fault":.*$/m)?.[0]
    return line === undefined ? '' : JSON.parse(line).path.split('/').at(-1)
  }

  /** On a sound disk all that was acknowledged is there, once, and nothing that nobody asked for. */
  async restart() {
    const { server } = this
    await server.kill()
    server.faults.clear()
    server.start()
    await until(() => server.isReady || !server.isRunning, DEADLINE_MS)
    if (!server.isReady) {
      this.violations.push(
        `it does not start again: ${server.isRunning ? 'too slow' : describeEnd(server.ends.at(-1))}`,
      )
      return
    }
    const pairs = await until(() => this.list(), DEADLINE_MS)
    if (pairs === null) {
      this.violations.push('after the restart it answers no read')
      return
    }
    this.compare(new Map(pairs.map((pair) => [pair.key, pair])))
    await this.write(1)
  }

  async list() {
    const { status, body } = await this.caller.call(this.server.clients, ...ask.list('k'), 3000)
    return status === 200 ? pairsIn(body) : null
  }

  compare(found) {
    for (const [key, revision] of this.acknowledged) {
      const pair = found.get(key)
      if (pair?.modRevision !== revision || pair.version !== 1 || pair.value !== VALUE)
        this.violations.push(`${key} was acknowledged at ${revision}, and there is ${JSON.stringify(pair ?? null)}`)
    }
    for (const key of found.keys()) {
      if (!this.acknowledged.has(key) && !this.perhaps.has(key))
        this.violations.push(`${key} certainly failed, and is there`)
    }
  }
}
