// Whole nodes in one process: real logs and snapshots on disks in memory, a network whose links can be cut, a clock that
// moves when it is told to. What tests say about them is this file's vocabulary.
import { expect } from 'vitest'
import { NOBODY, votersOnly } from '../../src/raft/configuration.ts'
import { InvariantChecker } from '../../src/raft/invariants.ts'
import type { RaftOptions } from '../../src/raft/options.ts'
import { type RaftWatcher, WatchedRaft } from '../../src/raft/watched-raft.ts'
import type { NodeError } from '../../src/runtime/errors.ts'
import type { NodeEvents, RaftNodeOptions, ReadOptions, RequestOptions } from '../../src/runtime/node-options.ts'
import { RaftNode } from '../../src/runtime/raft-node.ts'
import type { ReplicatedState } from '../../src/runtime/replicated-state.ts'
import type { StateMachine } from '../../src/runtime/state-machine.ts'
import { DurableJournal, JournalStore } from '../../src/runtime/testing/durable-journal.ts'
import { Journal } from '../../src/runtime/testing/journal.ts'
import { TestClock } from '../../src/runtime/testing/test-clock.ts'
import { openDiskStorage } from '../../src/storage/disk-storage.ts'
import { MemoryFileSystem } from '../../src/storage/memory-file-system.ts'
import type { MemoryLink } from '../../src/transport/memory-links.ts'
import { MemorySwitchboard } from '../../src/transport/memory-transport.ts'
import { toHex, utf8Decode, utf8Encode } from '../../src/util/bytes.ts'
import { Random } from '../../src/util/random.ts'

/** What an empty table of sessions takes in front of a snapshot. */
export const NO_SESSIONS_BYTES = 22

export interface ClusterOptions
  extends Pick<
    RaftNodeOptions,
    'snapshotEveryBytes' | 'maxQueuedBytes' | 'maxMessageBytes' | 'diskStallMs' | 'slowPeerMs'
  > {
  readonly size?: number
  readonly seed?: number
  readonly raft?: Partial<RaftOptions>
  /** False where a server breaks its word on purpose, which the invariants would not let pass. */
  readonly isChecked?: boolean
  /** Makes what takes the place of the server's journal, anew for each of its lives. */
  readonly stateMachine?: (id: string) => StateMachine
  /** Whose journals keep their lines on a disk. */
  readonly durable?: readonly string[]
}

/** What became of a request. */
export type Outcome<T = string> = { readonly value: T } | { readonly error: NodeError }

interface Server {
  readonly disk: MemoryFileSystem
  node: RaftNode | null
  machine: Journal
  /** What the journal is left with after a crash; null where it lives in memory. */
  readonly store: JournalStore | null
  readonly log: string[]
}

export class Cluster {
  readonly clock: TestClock = new TestClock()
  readonly random: Random
  readonly invariants: InvariantChecker = new InvariantChecker()
  private readonly watcher: RaftWatcher = {
    booted: (raft) => this.invariants.check(raft),
    told: (raft) => this.invariants.check(raft),
    readied: () => {},
  }
  readonly ids: string[]
  /** Why nodes have stopped themselves, all lives together. */
  readonly failures: Error[] = []
  private readonly switchboard: MemorySwitchboard
  private readonly servers = new Map<string, Server>()
  private readonly options: ClusterOptions
  /** The cluster's first members; the others join. */
  private readonly founders: readonly string[]
  private readonly knownMember = new Map<string, string>()

  constructor(options: ClusterOptions = {}) {
    this.options = options
    this.random = new Random(options.seed ?? 1)
    this.switchboard = new MemorySwitchboard(this.clock, this.random.split())
    this.ids = ['a', 'b', 'c', 'd', 'e'].slice(0, options.size ?? 3)
    this.founders = [...this.ids]
    for (const id of this.ids) this.install(id)
    this.links({ minDelayMs: 1, maxDelayMs: 3 })
  }

  private install(id: string): void {
    const machine = new Journal(this.clock)
    const store = this.options.durable?.includes(id) ? new JournalStore() : null
    this.servers.set(id, { disk: new MemoryFileSystem({ folder: id }), node: null, machine, store, log: [] })
  }

  static async start(options: ClusterOptions = {}): Promise<Cluster> {
    const cluster = new Cluster(options)
    for (const id of cluster.ids) await cluster.restart(id)
    await cluster.leader()
    return cluster
  }

  // ── Looking ──

  node(id: string): RaftNode {
    const { node } = this.server(id)
    if (node === null) throw new Error(`${id} is down`)
    return node
  }

  machine(id: string): Journal {
    return this.server(id).machine
  }

  durable(id: string): DurableJournal {
    const { machine } = this.server(id)
    if (!(machine instanceof DurableJournal)) throw new Error(`the journal of ${id} is not durable`)
    return machine
  }

  disk(id: string): MemoryFileSystem {
    return this.server(id).disk
  }

  /** What the server told its operator, and the reasons that it gave, all lives together. */
  log(id: string): readonly string[] {
    return this.server(id).log
  }

  /** What the node of this life will tell its listeners, in the order of telling. */
  events<Name extends keyof NodeEvents>(id: string, name: Name): NodeEvents[Name][] {
    const seen: NodeEvents[Name][] = []
    this.node(id).on(name, (event) => void seen.push(event))
    return seen
  }

  isUp(id: string): boolean {
    const { node } = this.server(id)
    return node !== null && node.status().stopped === null
  }

  isForming(id: string): boolean {
    return this.node(id).status().forming.length > 0
  }

  /** Waits until one of these leads and the others of them know it. */
  async leader(among: readonly string[] = this.ids): Promise<string> {
    const known = (): string | null => {
      const ids = among.filter((id) => this.isUp(id))
      const leaders = ids.filter((id) => this.node(id).status().role === 'leader')
      const agree = ids.every((id) => this.node(id).status().leaderId === leaders[0])
      return leaders.length === 1 && agree ? (leaders[0] as string) : null
    }
    await this.until(() => known() !== null, 'a leader')
    return known() as string
  }

  async followers(): Promise<string[]> {
    const leader = await this.leader()
    return this.ids.filter((id) => id !== leader)
  }

  // ── Asking ──

  propose(id: string, line: string, options: RequestOptions = {}): Promise<string> {
    return this.node(id)
      .propose(utf8Encode(line), options)
      .then((answer) => utf8Decode(answer) ?? '')
  }

  /** Reads the whole journal. */
  read(id: string, options: ReadOptions = {}): Promise<readonly string[]> {
    const machine = this.machine(id)
    return this.node(id).read(() => {
      expect(machine.isHalf).toBe(false)
      return [...machine.lines]
    }, options)
  }

  /** Lets time pass until it settles: a request that never does fails the test. */
  async outcome<T>(request: Promise<T>, limitMs = 20_000): Promise<Outcome<T>> {
    let outcome: Outcome<T> | null = null
    request.then(
      (value) => {
        outcome = { value }
      },
      (error: NodeError) => {
        outcome = { error }
      },
    )
    await this.until(() => outcome !== null, 'an outcome', limitMs)
    return outcome as unknown as Outcome<T>
  }

  async value<T>(request: Promise<T>): Promise<T> {
    const outcome = await this.outcome(request)
    if ('error' in outcome) throw outcome.error
    return outcome.value
  }

  async error<T>(request: Promise<T>): Promise<NodeError> {
    const outcome = await this.outcome(request)
    if ('value' in outcome) throw new Error(`expected an error, not ${outcome.value}`)
    return outcome.error
  }

  async until(condition: () => boolean, what: string, limitMs = 20_000): Promise<void> {
    if (!(await this.clock.advanceUntil(condition, limitMs))) throw new Error(`${limitMs} ms without ${what}`)
  }

  // ── Doing harm, and good ──

  /** The server comes back with an empty disk under its old name. */
  async emptyDisk(id: string): Promise<void> {
    await this.crash(id)
    this.install(id)
    await this.restart(id)
  }

  links(change: Partial<MemoryLink>, ids: readonly string[] = this.ids): void {
    for (const from of ids) for (const to of ids) if (from !== to) this.switchboard.setLink(from, to, change)
  }

  /** Nobody hears it, and it hears nobody. */
  cut(id: string): void {
    for (const other of this.ids) this.setBoth(id, other, false)
  }

  heal(): void {
    this.links({ up: true })
  }

  hangUp(one: string, other: string): void {
    this.switchboard.hangUp(one, other)
  }

  /**
   * The power goes. What was not synced is lost, or is not.
   *
   * @param lost how many of its newest transactions a durable journal loses; by default some
   */
  async crash(id: string, lost?: number): Promise<void> {
    const server = this.server(id)
    server.disk.crash(this.random)
    if (lost === undefined) server.store?.crashSomewhere(this.random)
    else server.store?.crash(lost)
    await this.end(server)
  }

  /** The server goes, and its folder with it; what its durable journal has written stays. */
  async loseLog(id: string): Promise<void> {
    await this.crash(id, 0)
    const server = this.server(id)
    this.servers.set(id, { ...server, disk: new MemoryFileSystem({ folder: id }) })
  }

  async stop(id: string): Promise<void> {
    await this.value(this.node(id).stop())
    this.server(id).node = null
  }

  async stopAll(): Promise<void> {
    for (const server of this.servers.values()) await this.end(server)
  }

  /** A new server with an empty disk, which knows where one member is. */
  async join(id: string, member: string): Promise<RaftNode> {
    if (!this.servers.has(id)) {
      this.install(id)
      this.ids.push(id)
      this.links({ minDelayMs: 1, maxDelayMs: 3 })
    }
    this.knownMember.set(id, member)
    return this.restart(id)
  }

  /** @param restore takes the place of the state machine's own */
  async restart(id: string, restore?: () => Promise<void>): Promise<RaftNode> {
    const server = this.server(id)
    const founders = votersOnly(Object.fromEntries(this.founders.map((each) => [each, `${each}:1`])))
    const initialConfiguration = this.founders.includes(id) ? founders : NOBODY
    const { disk: fileSystem } = server
    const storage = await openDiskStorage({
      fileSystem,
      clusterId: 'test',
      serverId: id,
      initialConfiguration,
      random: this.random.split(),
      log: { firstSegmentBytes: 64 * 1024 },
    })
    const { applyMs, restoreMs, answer } = server.machine
    const journal = server.store === null ? new Journal(this.clock) : new DurableJournal(this.clock, server.store)
    server.machine = Object.assign(journal, { applyMs, restoreMs, answer })
    if (restore !== undefined) server.machine.restore = restore
    const member = this.knownMember.get(id)
    const { incarnation } = storage.identity
    const formation = {
      formation: { founders: this.founders, incarnation, known: storage.founders, keep: storage.keepFounders },
    }
    const join =
      member === undefined
        ? formation
        : { join: { members: { [member]: `${member}:1` }, address: `${id}:1`, incarnation } }
    const transport = this.switchboard.transport(id, incarnation)
    const options = {
      ...this.nodeOptions(server),
      stateMachine: this.options.stateMachine?.(id) ?? server.machine,
      transport,
      ...storage,
      ...join,
      id,
      closeStorage: () => storage.close(),
    }
    const opening = RaftNode.open(options)
    const node = await this.value(opening)
    server.node = node
    void node.failed.then((error) => this.failures.push(error))
    return node
  }

  /** From now on writes fail for want of room. */
  fillDisk(id: string): void {
    this.disk(id).fault = ({ kind }) => (kind === 'write' ? { code: 'ENOSPC', effect: 'part' } : null)
  }

  freeDisk(id: string): void {
    this.disk(id).fault = null
  }

  /** Each sync that begins from now on takes so long. */
  slowDisk(id: string, syncMs: number): void {
    const sleep = (): Promise<void> => new Promise((resolve) => void this.clock.schedule(syncMs, resolve))
    this.disk(id).delay = ({ kind }) => (kind === 'sync' ? sleep() : Promise.resolve())
  }

  breakDisk(id: string): void {
    this.disk(id).fault = ({ kind }) => (kind === 'sync' ? { code: 'EIO', effect: 'none' } : null)
  }

  /** The machines of all servers that are up hold the same, in the end. */
  async converge(): Promise<readonly string[]> {
    const up = this.ids.filter((id) => this.isUp(id))
    const leader = await this.leader(up)
    const lines = await this.value(this.read(leader, { timeoutMs: 10_000 }))
    const isSame = (id: string): boolean => this.machine(id).lines.join() === this.machine(leader).lines.join()
    await this.until(() => up.every(isSame), 'convergence')
    return lines
  }

  /** What servers at the same index hold, sessions and machine, byte for byte. */
  async replicatedBytes(): Promise<ReadonlyMap<string, string>> {
    const up = this.ids.filter((id) => this.isUp(id))
    const places = (): Set<number> => new Set(up.map((id) => this.node(id).status().lastApplied))
    await this.until(() => places().size === 1, 'servers at the same index')
    const snapshots = up.map((id) => [id, stateOf(this.node(id)).snapshot()] as const)
    const bytes = new Map<string, string>()
    for (const [id, snapshot] of snapshots) {
      let hex = ''
      for await (const piece of snapshot) hex += toHex(piece)
      bytes.set(id, hex)
    }
    return bytes
  }

  private nodeOptions(
    server: Server,
  ): Omit<RaftNodeOptions, 'boot' | 'log' | 'snapshots' | 'id' | 'transport'> & { id?: string } {
    const { raft = {}, isChecked = true, ...all } = this.options
    const { size: _size, seed: _seed, stateMachine: _machine, durable: _durable, ...others } = all
    const write = (message: string, fields: { readonly reason?: unknown } = {}): void => {
      server.log.push(message)
      if (typeof fields.reason === 'string') server.log.push(fields.reason)
    }
    return {
      ...others,
      raft,
      clock: this.clock,
      random: this.random.split(),
      stateMachine: server.machine,
      logger: { info: write, warn: write, error: write },
      ...(isChecked ? { makeRaft: (...made) => new WatchedRaft(...made, this.watcher) } : {}),
    }
  }

  private async end(server: Server): Promise<void> {
    const { node } = server
    server.node = null
    // A crashed disk refuses to be closed; that is no news.
    if (node !== null) await this.outcome(node.stop({ handOver: false }))
  }

  private setBoth(one: string, other: string, up: boolean): void {
    this.switchboard.setLink(one, other, { up })
    this.switchboard.setLink(other, one, { up })
  }

  private server(id: string): Server {
    const server = this.servers.get(id)
    if (server === undefined) throw new Error(`there is no server ${id}`)
    return server
  }
}

/** Nobody outside holds it: it is looked at where the node keeps it. */
function stateOf(node: RaftNode): ReplicatedState {
  return (node as unknown as { driver: { ports: { state: ReplicatedState } } }).driver.ports.state
}
