// Three hosts of many groups in one process: disks in memory, a network whose links can be cut, a clock that moves when
// it is told to.
import { RaftHost } from '../../src/runtime/host/raft-host.ts'
import type { NodeStatus } from '../../src/runtime/operations/status.ts'
import type { RaftNode } from '../../src/runtime/raft-node.ts'
import { Journal } from '../../src/runtime/testing/journal.ts'
import { TestClock } from '../../src/runtime/testing/test-clock.ts'
import { openHostStorage } from '../../src/storage/host-storage.ts'
import { MemoryFileSystem } from '../../src/storage/memory-file-system.ts'
import { MemorySwitchboard } from '../../src/transport/memory-transport.ts'
import { utf8Decode, utf8Encode } from '../../src/util/bytes.ts'
import { Random } from '../../src/util/random.ts'

interface Machine {
  readonly disk: MemoryFileSystem
  host: RaftHost | null
  readonly journals: Map<string, Journal>
  readonly log: string[]
}

export class Hosts {
  readonly clock: TestClock = new TestClock()
  readonly ids: string[] = ['a', 'b', 'c']
  readonly random: Random
  readonly switchboard: MemorySwitchboard
  private readonly founders = ['a', 'b', 'c']
  private readonly machines = new Map<string, Machine>()

  constructor(seed = 1) {
    this.random = new Random(seed)
    this.switchboard = new MemorySwitchboard(this.clock, this.random.split())
    for (const id of this.ids) this.install(id)
    this.connect()
  }

  static async start(...groups: readonly string[]): Promise<Hosts> {
    const hosts = new Hosts()
    for (const id of hosts.ids) await hosts.restart(id, groups)
    for (const name of groups) await hosts.leader(name)
    return hosts
  }

  host(id: string): RaftHost {
    const { host } = this.machine(id)
    if (host === null) throw new Error(`${id} is down`)
    return host
  }

  node(id: string, group: string): RaftNode {
    const node = this.host(id).groups.get(group)
    if (node === undefined) throw new Error(`${group} does not run on ${id}`)
    return node
  }

  disk(id: string): MemoryFileSystem {
    return this.machine(id).disk
  }

  /** What the group holds on this host. */
  lines(id: string, group: string): readonly string[] {
    return this.machine(id).journals.get(group)?.lines ?? []
  }

  machineOf(id: string, group: string): Journal {
    return this.machine(id).journals.get(group) as Journal
  }

  log(id: string): readonly string[] {
    return this.machine(id).log
  }

  isUp(id: string): boolean {
    return this.machine(id).host !== null
  }

  /** The servers that stopped themselves, in all lives. */
  readonly failures: unknown[] = []

  /** Starts the host, and these groups on it. */
  async restart(id: string, groups: readonly string[]): Promise<RaftHost> {
    const machine = this.machine(id)
    const { disk: fileSystem, log } = machine
    const identity = { clusterId: 'test', serverId: id, fileSystem, random: this.random.split() }
    const storage = await openHostStorage({ ...identity, log: { firstSegmentBytes: 64 * 1024 } })
    const write = (message: string, fields?: object): void =>
      void log.push(`${message} ${JSON.stringify(fields ?? {})}`)
    machine.host = await this.value(
      RaftHost.open({
        ...{ id, storage, clock: this.clock, random: this.random.split(), address: `${id}:1` },
        transport: this.switchboard.transport(id, storage.identity.incarnation),
        members: Object.fromEntries(this.founders.map((each) => [each, `${each}:1`])),
        joins: !this.founders.includes(id),
        logger: { info: write, warn: write, error: write },
      }),
    )
    machine.host.on('failure', (failure) => this.failures.push(failure))
    for (const name of groups) await this.startGroup(id, name)
    return machine.host
  }

  async startGroup(id: string, name: string, members?: readonly string[]): Promise<RaftNode> {
    const machine = this.machine(id)
    const journal = new Journal(this.clock)
    machine.journals.set(name, journal)
    const choice = members === undefined ? {} : { members }
    return this.value(this.host(id).startGroup({ name, stateMachine: journal, snapshotEveryBytes: 4000, ...choice }))
  }

  /** A new host with an empty disk. */
  async add(id: string): Promise<RaftHost> {
    this.install(id)
    this.ids.push(id)
    this.connect()
    return this.restart(id, [])
  }

  /** The power goes. */
  async crash(id: string): Promise<void> {
    const machine = this.machine(id)
    machine.disk.crash(this.random)
    await this.value((machine.host as RaftHost).stop({ handOver: false }))
    machine.host = null
  }

  /** As after SIGSTOP: the others hear nothing of it, nor it of them; after a while their connections count as lost. */
  async freeze(id: string): Promise<void> {
    this.links(id, false)
    await this.clock.advance(1500)
    for (const other of this.ids) if (other !== id) this.switchboard.hangUp(id, other)
  }

  /** What `freeze` did is over. */
  thaw(id: string): void {
    this.links(id, true)
  }

  private links(id: string, up: boolean): void {
    for (const other of this.ids) {
      if (other === id) continue
      this.switchboard.setLink(id, other, { up })
      this.switchboard.setLink(other, id, { up })
    }
  }

  async stopAll(): Promise<void> {
    for (const machine of this.machines.values()) {
      if (machine.host !== null) await this.value(machine.host.stop({ handOver: false }))
      machine.host = null
    }
  }

  /** The one host on which the group's leader runs, when all that are up agree. */
  async leader(group: string): Promise<string> {
    const known = (): string | null => {
      const nodes = this.ids.flatMap((id) => this.machine(id).host?.groups.get(group) ?? [])
      const stati: NodeStatus[] = nodes.map((node) => node.status())
      const leader = stati.find(({ role }) => role === 'leader')?.id
      return leader !== undefined && stati.every(({ leaderId }) => leaderId === leader) ? leader : null
    }
    await this.until(() => known() !== null, `a leader of ${group}`)
    return known() as string
  }

  async propose(id: string, group: string, line: string): Promise<string> {
    return utf8Decode(await this.value(this.node(id, group).propose(utf8Encode(line)))) ?? ''
  }

  async value<T>(request: Promise<T>): Promise<T> {
    let settled: (() => T) | null = null
    request.then(
      (value) => {
        settled = () => value
      },
      (error: unknown) => {
        settled = () => {
          throw error
        }
      },
    )
    await this.until(() => settled !== null, 'an outcome')
    return (settled as unknown as () => T)()
  }

  async until(condition: () => boolean, what: string, limitMs = 20_000): Promise<void> {
    if (!(await this.clock.advanceUntil(condition, limitMs))) throw new Error(`${limitMs} ms without ${what}`)
  }

  private install(id: string): void {
    this.machines.set(id, { disk: new MemoryFileSystem({ folder: id }), host: null, journals: new Map(), log: [] })
  }

  private connect(): void {
    for (const from of this.ids) {
      for (const to of this.ids) if (from !== to) this.switchboard.setLink(from, to, { minDelayMs: 1, maxDelayMs: 3 })
    }
  }

  private machine(id: string): Machine {
    const machine = this.machines.get(id)
    if (machine === undefined) throw new Error(`there is no ${id}`)
    return machine
  }
}
