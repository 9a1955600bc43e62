/** A simulated cluster of three with an operator and a client, who do one thing after the other and wait for each. */

import { encodeCommand } from '../../../kv/command.ts'
import { KvStateMachine } from '../../../kv/kv-state-machine.ts'
import { rangeQuery } from '../../../kv/range.ts'
import { NodeError } from '../../../runtime/errors.ts'
import type { RaftNode } from '../../../runtime/raft-node.ts'
import { utf8Decode, utf8Encode } from '../../../util/bytes.ts'
import type { Hop } from '../../../util/hop.ts'
import type { Settings } from '../../plan.ts'
import { SimCluster } from '../../sim-cluster.ts'
import type { SimServer } from '../../sim-server.ts'
import { Applied } from '../../watch/applied.ts'
import { Consensus } from '../../watch/consensus.ts'
import { Observers } from '../../watch/observer.ts'
import { World } from '../../world.ts'

/** What a case ends with that must not be: in words, for whoever has to find out. */
export class SweepFailure extends Error {
  override readonly name = 'SweepFailure'
}

/** So long everything may take that has to come about at all, in simulated milliseconds. */
const PATIENCE_MS = 20_000
const LOOK_MS = 2

/** Small segments and a short log, so that a folder has every kind of file and few bytes. */
const SETTINGS: Settings = {
  servers: 3,
  clients: 0,
  keys: 0,
  thinkMs: 0,
  patienceMs: 1000,
  sessions: 0,
  reads: 0,
  durationMs: 0,
  raft: { electionTimeoutMinMs: 150, electionTimeoutMaxMs: 300, heartbeatIntervalMs: 40, retainEntries: 60 },
  maxQueuedBytes: 2 ** 26,
  snapshotEveryBytes: 2 ** 30,
  firstSegmentBytes: 8192,
  minDelayMs: 0.2,
  maxDelayMs: 1,
  minSyncMs: 0.1,
  maxSyncMs: 0.3,
  valueBytes: 0,
}

export class Stage {
  readonly world: World
  readonly cluster: SimCluster

  constructor(hop: Hop, seed: number) {
    this.world = new World(hop)
    const observers = new Observers([new Applied(), new Consensus()], (error) => this.world.fail(error))
    const calm = { cut: () => {}, corrupted: () => {}, operationFailed: () => {} }
    this.cluster = new SimCluster(this.world, seed, SETTINGS, () => new KvStateMachine(), observers, calm)
  }

  get running(): SimServer[] {
    return this.cluster.servers.filter((server) => server.isRunning)
  }

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => void this.world.schedule(ms, resolve))
  }

  /** @throws SweepFailure when it does not come about */
  async until(holds: () => boolean, what: string): Promise<void> {
    const endAt = this.world.now() + PATIENCE_MS
    while (!holds()) {
      if (this.world.now() >= endAt) throw new SweepFailure(`${what}: not after ${PATIENCE_MS} ms: ${this.describe()}`)
      await this.sleep(LOOK_MS)
    }
  }

  /** Each has opened its disk, or has said why not. */
  async startAll(): Promise<void> {
    for (const server of this.cluster.servers) if (!server.isUp) this.cluster.start(server)
    await this.until(
      () => this.cluster.servers.every((server) => server.isRunning || server.failure !== null),
      'all servers start or refuse',
    )
  }

  /** There is a leader, and all who run have applied what it has. */
  agree(): Promise<void> {
    return this.until(() => {
      const led = this.cluster.leader?.node?.status()
      if (led === undefined || led.lastApplied < led.lastIndex) return false
      return this.running.every(({ node }) => {
        const status = node?.status()
        return status?.lastApplied === led.lastApplied && status.leaderId === led.leaderId
      })
    }, 'the servers agree')
  }

  /** Puts the pair through this server; a refusal that certainly had no effect is tried again. @throws NodeError */
  async put(server: SimServer, key: string, value: string): Promise<void> {
    const command = { type: 'put', key: utf8Encode(key), value: utf8Encode(value), withPrevious: false } as const
    for (let left = 5; ; left--) {
      try {
        await nodeOf(server).propose(encodeCommand(command), { timeoutMs: 3000 })
        return
      } catch (error) {
        if (!(error instanceof NodeError) || error.applied !== 'no' || left === 0) throw error
        await this.sleep(50)
      }
    }
  }

  /** All pairs, read through this server, linearizably. */
  async readAll(server: SimServer): Promise<Map<string, string>> {
    const machine = this.cluster.machineOf(server) as KvStateMachine
    const all = rangeQuery(new Uint8Array(1), { rangeEnd: new Uint8Array(1) })
    const { pairs } = await nodeOf(server).read(() => machine.range(all), { timeoutMs: 5000 })
    return new Map(pairs.map(({ key, value }) => [utf8Decode(key) ?? '?', utf8Decode(value) ?? '?']))
  }

  async lead(server: SimServer): Promise<void> {
    for (let left = 5; this.cluster.leader !== server; left--) {
      await this.until(() => this.cluster.leader !== null, 'somebody leads')
      const { leader } = this.cluster
      const transfer =
        leader === null || leader === server ? Promise.resolve() : nodeOf(leader).transferLeadership(server.id)
      await transfer.catch((error: unknown) => {
        if (!(error instanceof NodeError) || left === 0) throw error
      })
      await this.sleep(5)
    }
    await this.agree()
  }

  kill(server: SimServer): void {
    this.cluster.crash(server, 'kill')
  }

  describe(): string {
    const each = this.cluster.servers.map(({ id, node, failure }) => {
      if (failure !== null) return `${id} ended: ${failure.message}`
      const { role, term, lastApplied, lastIndex } = node?.status() ?? {
        role: 'down',
        term: 0,
        lastApplied: 0,
        lastIndex: 0,
      }
      return `${id} ${role} in term ${term}, ${lastApplied} applied of ${lastIndex}`
    })
    return each.join('; ')
  }
}

/** @throws SweepFailure when the server does not run */
export function nodeOf({ node, id }: SimServer): RaftNode {
  if (node === null) throw new SweepFailure(`${id} does not run`)
  return node
}
