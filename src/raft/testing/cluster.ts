/**
 * A small cluster for tests in which nothing happens by itself: time, disks, network and state machines move when the
 * test says so. After every step of every server the invariants of Paper Figure 3 are checked, and the specification is
 * asked whether it is a step of Raft.
 */
import { extensionsOf, RaftObserver } from '../../observe/observer.ts'
import { assert } from '../../util/assert.ts'
import { type Configuration, NOBODY, votersOnly } from '../configuration.ts'
import type { ConfigurationChange } from '../configuration-change.ts'
import type { Entry, Index, ServerId, Term } from '../entry.ts'
import { InvariantChecker } from '../invariants.ts'
import type { Message } from '../message.ts'
import type { RaftOptions } from '../options.ts'
import type { ProposeResult, Raft } from '../raft.ts'
import type { HardState, ReadState, SnapshotMeta } from '../ready.ts'
import type { ChangeResult } from '../reconfiguration.ts'
import type { TransferRefusal } from '../transfer.ts'
import { TestDisk } from './disk.ts'
import { ANY, type Flight, type Selector, TestNetwork } from './network.ts'
import { type Surroundings, TestServer } from './server.ts'

export interface ClusterSettings {
  readonly ids: readonly ServerId[]
  /** The first configuration; by default all are voters. */
  readonly configuration?: Configuration
  readonly options?: Partial<RaftOptions>
  readonly seed?: number
  /** The test makes up messages: nobody asks whether they were sent. */
  readonly hasForgeries?: boolean
  /** Who watches; by default an observer of the whole cluster. */
  readonly observer?: RaftObserver
  readonly trace?: (line: string, isNews: boolean) => void
  readonly served?: (id: ServerId, read: ReadState) => void
}

/** What lies on a server's disk before its first start. */
export interface Preload {
  readonly hardState: HardState
  /** The log's entries behind `base`. */
  readonly entries: readonly Entry[]
  readonly base?: { readonly index: Index; readonly term: Term }
}

const JOINING: SnapshotMeta = { index: 0, term: 0, configuration: NOBODY }

export class TestCluster implements Surroundings {
  now = 0
  readonly seed: number
  readonly network: TestNetwork = new TestNetwork()
  readonly invariants: InvariantChecker = new InvariantChecker()
  readonly observer: RaftObserver
  private readonly servers = new Map<ServerId, TestServer>()
  private readonly configuration: Configuration
  private readonly settings: ClusterSettings

  constructor(settings: ClusterSettings) {
    this.seed = settings.seed ?? 1
    this.settings = settings
    const forgeries = settings.hasForgeries === true ? { remember: 0 } : {}
    this.observer = settings.observer ?? new RaftObserver({ ...extensionsOf(settings.options), ...forgeries })
    this.configuration = settings.configuration ?? votersOnly(Object.fromEntries(settings.ids.map((id) => [id, id])))
    for (const id of settings.ids) {
      const disk = new TestDisk(this.snapshotAt(0, 0))
      const server = new TestServer(id, { retainEntries: 0, ...settings.options }, disk, this)
      this.servers.set(id, server)
      server.start()
    }
  }

  get ids(): readonly ServerId[] {
    return [...this.servers.keys()]
  }

  server(id: ServerId): TestServer {
    const server = this.servers.get(id)
    assert(server !== undefined, `there is no server ${id}: this cluster has ${this.ids.join(', ')}`)
    return server
  }

  /** Servers that are up. */
  get running(): readonly TestServer[] {
    return [...this.servers.values()].filter(({ raft }) => raft !== null)
  }

  /** The server that leads in the highest term. */
  get leader(): TestServer | undefined {
    const term = (server: TestServer): Term => server.running().inspect().currentTerm
    return this.running
      .filter((server) => server.running().inspect().role === 'leader')
      .sort((left, right) => term(right) - term(left))[0]
  }

  // ── What a server needs ───────────────────────────────────────────────────────────────────────────────────────────

  send(message: Message): boolean {
    return this.network.send(message)
  }

  trace(line: string, isNews: boolean): void {
    this.settings.trace?.(line, isNews)
  }

  served(id: ServerId, read: ReadState): void {
    this.settings.served?.(id, read)
  }

  check(raft: Raft): void {
    this.invariants.check(raft)
  }

  // ── Servers ───────────────────────────────────────────────────────────────────────────────────────────────────────

  /** The server starts over from this disk. */
  preload(id: ServerId, { hardState, entries, base = { index: 0, term: 0 } }: Preload): void {
    const server = this.server(id)
    server.disk = new TestDisk(this.snapshotAt(base.index, base.term), entries)
    server.disk.hardState = hardState
    this.observer.specification.forget(id)
    server.start()
  }

  crash(id: ServerId): void {
    this.server(id).crash()
  }

  restart(id: ServerId): void {
    this.server(id).start()
  }

  // ── Time ──────────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Time passes until this server's timer is due; only this server notices. */
  tick(id: ServerId): void {
    const server = this.server(id)
    const deadline = server.running().nextDeadline()
    this.now = Math.max(this.now, (deadline ?? 0) - server.clockAheadMs)
    server.input((raft, now) => raft.tick(now))
  }

  /** Its timer runs out by its own clock, which goes ahead if need be; for the others no time passes. */
  timeout(id: ServerId): void {
    const server = this.server(id)
    this.wait(id, Math.max((server.running().nextDeadline() ?? 0) - server.now, 0))
    server.input((raft, now) => raft.tick(now))
  }

  /** This server's clock alone goes ahead. */
  wait(id: ServerId, durationMs: number): void {
    this.server(id).clockAheadMs += durationMs
  }

  /** Time passes for everybody; `afterEach` runs after every timer. */
  advance(durationMs: number, afterEach: () => void = () => undefined): void {
    const end = this.now + durationMs
    let ticks = 0
    for (let due = this.nextDue(); due !== null && due.deadline <= end; due = this.nextDue()) {
      assert(ticks++ < 10_000, `${due.server.id} is due at ${due.deadline} ms again and again`)
      this.now = Math.max(this.now, due.deadline)
      due.server.input((raft, now) => raft.tick(now))
      afterEach()
    }
    this.now = end
  }

  private nextDue(): { readonly server: TestServer; readonly deadline: number } | null {
    let earliest: { server: TestServer; deadline: number } | null = null
    for (const server of this.running) {
      const ownDeadline = server.running().nextDeadline()
      if (ownDeadline === null) continue
      const deadline = ownDeadline - server.clockAheadMs
      if (earliest === null || deadline < earliest.deadline) earliest = { server, deadline }
    }
    return earliest
  }

  // ── Network ───────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Those that are in flight now, in the order in which they were sent. */
  deliver(selector: Selector): number {
    const flights = this.network.select(selector)
    for (const flight of flights) this.arrive(flight)
    return flights.length
  }

  /** A server that is down hears nothing. */
  arrive(flight: Flight): void {
    this.network.remove(flight)
    const { message } = flight
    const server = this.server(message.to)
    if (server.raft !== null) server.input((raft, now) => raft.step(message, now))
  }

  /** It is lost, and its sender, if it is up, is told. */
  fail(flight: Flight): void {
    this.network.remove(flight)
    const { message } = flight
    const server = this.server(message.from)
    if (server.raft === null) return
    server.input((raft, now) => {
      if (message.type === 'InstallSnapshot') raft.snapshotFailed(message.to, message.session, now)
      else raft.sendFailed(message, now)
    })
  }

  /** Delivers until nothing moves any more, except what is held. */
  settle(): void {
    for (let steps = 0; ; steps++) {
      const flight = this.network.next()
      if (flight === undefined) return
      assert(steps < 10_000, `does not settle: ${this.network.select(ANY).length} messages are still in flight`)
      this.arrive(flight)
    }
  }

  /** The server, if it is up, is told that a connection broke. */
  loseConnection(id: ServerId, to: ServerId): void {
    const server = this.server(id)
    if (server.raft !== null) server.input((raft, now) => raft.connectionLost(to, now))
  }

  // ── What clients do ───────────────────────────────────────────────────────────────────────────────────────────────

  propose(id: ServerId, commands: readonly Uint8Array[]): ProposeResult {
    return this.server(id).input((raft, now) => raft.propose(commands, now))
  }

  change(id: ServerId, change: ConfigurationChange): ChangeResult {
    return this.server(id).input((raft, now) => raft.change(change, now))
  }

  /** Starts a server with an empty disk that belongs to nobody yet. */
  join(id: ServerId): void {
    const server = new TestServer(id, { retainEntries: 0, ...this.settings.options }, new TestDisk(JOINING), this)
    this.servers.set(id, server)
    server.start()
  }

  read(id: ServerId, token: number, underLease = false): void {
    this.server(id).input((raft, now) => raft.read(token, now, underLease))
  }

  transfer(id: ServerId, to: ServerId): TransferRefusal {
    return this.server(id).input((raft, now) => raft.transfer(to, now))
  }

  /** @returns false when the server cannot describe a snapshot there */
  takeSnapshot(id: ServerId, index: Index): boolean {
    const server = this.server(id)
    const meta = server.running().describeSnapshot(index)
    if (meta === null || meta.index <= server.disk.snapshot.index) return false
    server.disk.saveSnapshot(meta)
    server.input((raft, now) => raft.snapshotTaken(meta, now))
    return true
  }

  private snapshotAt(index: Index, term: Term): SnapshotMeta {
    return { index, term, configuration: this.configuration }
  }
}
