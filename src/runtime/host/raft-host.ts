/**
 * RaftHost: many Raft groups in one process. Each group is an ordinary `RaftNode` with a state machine of its own, and
 * knows nothing of the others. What they share is what costs: one log on the disk with one sync for all that is written
 * meanwhile, one connection to each other host, one meeting of the first members. A group for which there is nothing to
 * do sends nothing and sets no timer, see `raft/rest.ts`.
 */
import { type Configuration, NOBODY, votersOnly } from '../../raft/configuration.ts'
import type { ServerId } from '../../raft/entry.ts'
import { OptionsError } from '../../raft/errors.ts'
import type { RaftOptions } from '../../raft/options.ts'
import { StorageError } from '../../storage/errors.ts'
import type { GroupStorage } from '../../storage/host-storage.ts'
import type { Introduction, Transport } from '../../transport/transport.ts'
import type { Cancel, Clock } from '../../util/clock.ts'
import { QUIET_MS, Troubles } from '../driver/troubles.ts'
import { asError, NodeError } from '../errors.ts'
import { Listeners } from '../listeners.ts'
import { harmless, type Logger, labelled, SILENT } from '../logger.ts'
import { Formation } from '../members/formation.ts'
import type { StopOptions } from '../node-options.ts'
import { RaftNode } from '../raft-node.ts'
import { checkGroup, requireName } from './check-group.ts'
import { GatheredClock } from './gathered-clock.ts'
import {
  type GroupOptions,
  HOST_DEFAULTS,
  type HostEvents,
  type HostStatus,
  type RaftHostOptions,
} from './host-options.ts'
import { Introductions } from './introductions.ts'

/** A host of groups, as `startHost` gives it. */
export class RaftHost {
  readonly id: ServerId
  /** Resolves with the reason if the host has to stop itself. */
  readonly failed: Promise<Error>
  private readonly options: RaftHostOptions
  private readonly logger: Logger
  private readonly events: Listeners<HostEvents>
  private readonly formation: Formation
  private readonly introductions: Introductions
  private readonly troubles: Troubles
  private readonly groupClock: Clock
  private readonly looks = new Map<ServerId, Cancel>()
  private readonly running = new Map<string, RaftNode>()
  /** Names that are being started, stopped or removed: one thing at a time with each. */
  private readonly busy = new Set<string>()
  private reportFailure: (error: Error) => void = () => {}
  private stopReason: string | null = null
  private closing: Promise<void> | null = null

  /** Listens and meets the other hosts; groups are started afterwards. Lets go of everything when it rejects. */
  static async open(options: RaftHostOptions): Promise<RaftHost> {
    const host = new RaftHost(options)
    const { transport, storage, members, clock } = options
    try {
      await transport.start({
        // Hosts say nothing to each other but what their groups say.
        onMessage: () => {},
        onRequest: async () => {
          throw new Error('a host answers no requests, its groups do')
        },
        onSnapshot: async () => {
          throw new Error('a host takes no snapshots, its groups do')
        },
        onConnectionLost: () => {},
        admit: (peer) => host.admit(peer),
        onTrouble: (trouble) => host.troubles.note(trouble, clock.now()),
      })
      transport.setPeers(members)
      host.formation.start()
      return host
    } catch (error) {
      await transport.stop()
      await storage.close()
      throw error
    }
  }

  private constructor(options: RaftHostOptions) {
    const { id, storage, members, joins } = options
    this.id = id
    this.options = options
    this.logger = harmless(options.logger ?? SILENT)
    this.events = new Listeners(this.logger)
    this.introductions = new Introductions(this.logger)
    this.troubles = new Troubles(this.logger)
    this.groupClock = new GatheredClock(options.clock)
    this.failed = new Promise((resolve) => {
      this.reportFailure = resolve
    })
    const { incarnation } = storage.identity
    const known = storage.founders
    const keep = (met: { readonly [id: ServerId]: string }): Promise<void> => storage.keepFounders(met)
    const formation = joins ? null : { founders: Object.keys(members), incarnation, known, keep }
    this.formation = new Formation(id, formation, true, this.logger, (error) => this.failWith(error))
  }

  /** The groups that run here, by their names. */
  get groups(): ReadonlyMap<string, RaftNode> {
    return this.running
  }

  /**
   * Starts this host's member of a group, and makes it if it is new; to be called on each host of the group, at every
   * start.
   *
   * @throws OptionsError; StorageError; NodeError ERR_QUORATE_STOPPED; what the state machine's `restore` rejects with
   */
  async startGroup(options: GroupOptions): Promise<RaftNode> {
    checkGroup(options, this.id, this.raftOptions(options.raft))
    const { name } = options
    return this.alone(name, async () => {
      if (this.running.has(name)) throw new OptionsError(`group '${name}' runs here already: stop it first`)
      const configuration = this.firstConfiguration(options)
      // It may refuse, and nothing is open yet.
      const transport = this.options.transport.group(name)
      const storage = await this.options.storage.openGroup(name, configuration)
      const node = await this.openNode(options, storage, transport)
      this.running.set(name, node)
      this.options.onGroup?.(name, node)
      void node.failed.then((error) => this.groupFailed(name, error))
      if (this.stopReason !== null) await node.stop({ handOver: false })
      return node
    })
  }

  /**
   * Deletes this host's part of a group for ever: its log, its snapshots, its vote; no group of that name begins here
   * again. Remove the member from the group first, with `change`: until then its vote is missing.
   *
   * @throws StorageError; NodeError ERR_QUORATE_STOPPED
   */
  async removeGroup(name: string): Promise<void> {
    requireName(name)
    return this.alone(name, async () => {
      await this.running.get(name)?.stop({ handOver: false })
      await this.options.storage.removeGroup(name)
      this.logger.info('group removed', { group: name })
    })
  }

  /** How this host stands. Looks at every group. */
  status(): HostStatus {
    const { storage } = this.options
    const stati = [...this.running.values()].map((node) => node.status())
    return {
      id: this.id,
      forming: this.formation.missing,
      running: stati.length,
      leading: stati.filter(({ role }) => role === 'leader').length,
      resting: stati.filter(({ resting }) => resting).length,
      notStarted: storage.groups().filter((name) => !this.running.has(name)),
      stopped: this.stopReason,
    }
  }

  /** Reads the certificates anew, as `RaftNode.reloadCertificates`. */
  async reloadCertificates(): Promise<void> {
    const { reloadCertificates } = this.options
    if (reloadCertificates === undefined) throw new OptionsError('this host was started without tls')
    await reloadCertificates()
  }

  /** Calls `listener` at each such event from now on; one that throws is logged. @returns what ends it */
  on<Name extends keyof HostEvents>(name: Name, listener: (event: HostEvents[Name]) => void): () => void {
    return this.events.on(name, listener)
  }

  /** Stops all groups, each as `RaftNode.stop` does, and then lets go of network and disk. */
  async stop(options: StopOptions = {}): Promise<void> {
    this.stopReason ??= 'the host was stopped'
    this.closing ??= this.close(options)
    await this.closing
  }

  /** For `await using`: the same as `stop`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }

  private async close(options: StopOptions): Promise<void> {
    const { transport, storage } = this.options
    for (const cancel of this.looks.values()) cancel()
    try {
      await Promise.all([...this.running.values()].map((node) => node.stop(options)))
      await this.formation.stop()
      await transport.stop()
    } finally {
      await storage.close()
    }
  }

  private firstConfiguration({ name, members, join = false }: GroupOptions): Configuration {
    const { members: hosts, joins } = this.options
    if (join !== false || joins) return NOBODY
    const chosen = members ?? Object.keys(hosts)
    const stranger = chosen.find((id) => !Object.hasOwn(hosts, id))
    if (stranger !== undefined) {
      const known = Object.keys(hosts).join(', ')
      throw new OptionsError(`group '${name}': ${stranger} is none of the hosts ${known}: add it to the host's members`)
    }
    if (!chosen.includes(this.id)) {
      throw new OptionsError(`group '${name}' has the members ${chosen.join(', ')}, and this host is ${this.id}`)
    }
    return votersOnly(Object.fromEntries(chosen.map((id) => [id, hosts[id] as string])))
  }

  private openNode(options: GroupOptions, storage: GroupStorage, transport: Transport): Promise<RaftNode> {
    const { id, random, members, address } = this.options
    const { groupClock: clock } = this
    const { name, raft, logger, members: _members, join = this.options.joins, ...others } = options
    const { incarnation } = this.options.storage.identity
    const { [id]: _self, ...peers } = members
    const promote = typeof join !== 'object' || join.promote
    return RaftNode.open({
      ...others,
      ...{ id, clock, boot: storage.boot, log: storage.log, snapshots: storage.snapshots },
      ...(join === false ? {} : { join: { members: peers, address, incarnation, promote } }),
      transport,
      random: random.split(),
      raft: this.raftOptions(raft),
      logger: labelled(logger ?? this.logger, { group: name }),
      gate: this.introductions.gate(this.formation),
      closeStorage: async () => {
        await storage.close()
        this.running.delete(name)
      },
    })
  }

  /** The host's defaults, what is said for all groups, what is said for this one. */
  private raftOptions(own: Partial<RaftOptions> = {}): Partial<RaftOptions> {
    return { ...HOST_DEFAULTS, ...this.options.raft, ...own }
  }

  private admit(peer: Introduction): string | null {
    // Who joined later is known to the groups, see `Introductions`.
    const refusal = this.formation.admit(peer, NOBODY)
    if (refusal !== null) return refusal
    this.introductions.note(peer)
    this.lookLater(peer.id)
    return null
  }

  /** Runs `action` when nothing else is being done with this group. */
  private async alone<T>(name: string, action: () => Promise<T>): Promise<T> {
    if (this.stopReason !== null) throw new NodeError('ERR_QUORATE_STOPPED', this.stopReason, 'no')
    if (this.busy.has(name)) throw new OptionsError(`group '${name}' is being started or removed: wait for that`)
    this.busy.add(name)
    try {
      return await action()
    } finally {
      this.busy.delete(name)
    }
  }

  /** Who was let in and is not complained of for a while is well again. */
  private lookLater(peer: ServerId): void {
    const { clock } = this.options
    this.looks.get(peer)?.()
    const look = (): void => {
      this.looks.delete(peer)
      this.troubles.heard(peer, clock.now())
    }
    this.looks.set(peer, clock.schedule(QUIET_MS + 1, look))
  }

  /** A state machine that throws is its group's affair; a disk that failed is everybody's. */
  private groupFailed(group: string, error: Error): void {
    this.events.emit('failure', { group, error })
    const isDisk = error instanceof StorageError && error.code === 'ERR_QUORATE_STORAGE_POISONED'
    if (isDisk && this.stopReason === null) this.failWith(error)
  }

  private failWith(error: Error): void {
    this.logger.error('the host stops itself', { reason: error.message })
    this.stopReason ??= `the host has stopped itself: ${error.message}`
    this.events.emit('failure', { group: null, error })
    this.reportFailure(error)
    this.stop({ handOver: false }).catch((late: unknown) =>
      this.logger.warn('while stopping', { reason: asError(late).message }),
    )
  }
}
