/** What a host of many groups is made of, and what each group is started with. */
import type { ServerId } from '../../raft/entry.ts'
import type { RaftOptions } from '../../raft/options.ts'
import type { HostStorage } from '../../storage/host-storage.ts'
import type { SharedTransport } from '../../transport/transport.ts'
import type { Clock } from '../../util/clock.ts'
import type { Random } from '../../util/random.ts'
import type { Logger } from '../logger.ts'
import type { RaftNodeOptions } from '../node-options.ts'
import type { RaftNode } from '../raft-node.ts'
import type { StateMachine } from '../state-machine.ts'

/**
 * A second without work, and a group rests. Time-outs are longer than those of a single node: a host that dies is noticed
 * by its connections, and a thousand groups that begin together, with time-outs of 300 to 600 ms, campaigned all at once,
 * came too late with their votes, and campaigned again, for a minute.
 */
export const HOST_DEFAULTS: Partial<RaftOptions> = {
  heartbeatIntervalMs: 200,
  electionTimeoutMinMs: 1000,
  electionTimeoutMaxMs: 3000,
  restAfterMs: 1000,
  restIntervalMs: 10_000,
}

/** What a host is made of: its disk, its network, its clock. */
export interface RaftHostOptions {
  readonly id: ServerId
  readonly storage: HostStorage
  /** One for the host itself, and a view of it for each group. */
  readonly transport: SharedTransport
  readonly clock: Clock
  readonly random: Random
  /** The hosts and where they listen: the first members of every group that does not name its own. */
  readonly members: { readonly [id: ServerId]: string }
  /** Where the others find this host. */
  readonly address: string
  /** This host is new among hosts that are there already: it waits for nobody, and its groups ask to be taken in. */
  readonly joins: boolean
  /** For all groups; each may have its own on top. */
  readonly raft?: Partial<RaftOptions>
  readonly logger?: Logger
  /** Called with each group that was started. */
  readonly onGroup?: (name: string, node: RaftNode) => void
  /** What `reloadCertificates` does; absent when the transport shows no certificates. */
  readonly reloadCertificates?: () => Promise<void>
}

/** One group of a host. */
export interface GroupOptions
  extends Pick<
    RaftNodeOptions,
    | 'snapshotEveryBytes'
    | 'requestTimeoutMs'
    | 'maxQueuedBytes'
    | 'diskStallMs'
    | 'slowPeerMs'
    | 'raft'
    | 'logger'
    | 'makeRaft'
  > {
  /** 1 to 64 lower-case letters, digits, dashes and underscores: it stands in front of the names of files. */
  readonly name: string
  /** What this group's commands do. */
  readonly stateMachine: StateMachine
  /**
   * The hosts that are its first members, the same on each of them; by default all of the host's `members`. Counts when
   * the group is made: from then on its log says who belongs to it.
   */
  readonly members?: readonly ServerId[]
  /** The group is there already on other hosts: this one asks to be taken in, as `join` of a single node. */
  readonly join?: boolean | { readonly promote: boolean }
}

/** What a host tells its listeners. */
export interface HostEvents {
  /** A group has stopped itself; null: the host cannot go on. */
  failure: { readonly group: string | null; readonly error: Error }
}

/** How a host stands, from its own point of view. */
export interface HostStatus {
  readonly id: ServerId
  /** First members that have not been met: until there are none, no group begins. */
  readonly forming: readonly ServerId[]
  /** Groups that run. */
  readonly running: number
  readonly leading: number
  /** Groups that are quiet until somebody wants something of them. */
  readonly resting: number
  /** Groups in the folder that nobody has started: their part in the cluster stands still. */
  readonly notStarted: readonly string[]
  /** Why the host does not run any more; null while it does. */
  readonly stopped: string | null
}
