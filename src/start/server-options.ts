/** What a server of either kind is given, a single node or a host of many groups: where it is and whom it knows. */
import type { CertificateSource } from '../io/certificates.ts'
import type { TcpOptions } from '../io/tcp-transport.ts'
import type { ServerId } from '../raft/entry.ts'
import { OptionsError } from '../raft/errors.ts'
import type { RaftOptions } from '../raft/options.ts'
import {
  areMembers,
  type Checks,
  checkEach,
  checkRaftNames,
  hasMethods,
  isAddress,
  isBoolean,
  isJoin,
  isName,
  isSize,
  isText,
  requireAll,
} from '../runtime/check-options.ts'
import type { Logger } from '../runtime/logger.ts'
import type { DiskStorageOptions } from '../storage/disk-storage.ts'
import type { TransportLimits } from '../transport/limits.ts'
import { isCertificateSource } from './tls.ts'

/** `id`, `cluster`, `directory` and `members` are yours to say, the rest has defaults. */
export interface ServerOptions extends TcpOptions {
  /** This server's name, for ever: one of `members`. */
  readonly id: ServerId
  /** The cluster's name: servers of another cluster are refused. */
  readonly cluster: string
  /** Where the log and the snapshots lie; made if it is not there. One server each. */
  readonly directory: string
  /** Where to listen for the other servers, `host:port`; by default this server's address in `members`. */
  readonly listen?: string
  /**
   * The cluster's first members and where they listen, the same on every server; with `join`, members that are there
   * already, one or more. Counts at the first start only: from then on the log says who belongs to the cluster.
   */
  readonly members: { readonly [id: ServerId]: string }
  /**
   * This server is new in a cluster that exists: any of `members` is asked to take it in. It receives the log as a
   * learner and becomes a voter when it has caught up, unless `promote` is false. It needs `listen`.
   */
  readonly join?: boolean | { readonly promote: boolean }
  /**
   * This server's certificate and whom it believes: all that servers say to each other then goes over TLS 1.3, and each
   * proves its id by the name in its certificate, `URI:quorate://<cluster>/<id>`. Without it they speak plain TCP, and only
   * within one machine, unless `allowPlaintext` is set.
   */
  readonly tls?: CertificateSource
  /** Where the server says what happens to it; by default nowhere. */
  readonly logger?: Logger
  /**
   * What one snapshot on its way to another server may take, in bytes a second; by default as much as network and disks
   * give. A bound keeps the latencies of what goes on meanwhile, and makes the new server wait longer.
   */
  readonly snapshotBytesPerSecond?: number
  /** Elections, heartbeats, sizes: the defaults suit a local network. */
  readonly raft?: Partial<RaftOptions>
  /** How the log lies on the disk. */
  readonly storage?: NonNullable<DiskStorageOptions['log']>
}

/** One check for each option; the core looks at its own, `raft`, and the storage at its sizes. */
export const SERVER_CHECKS: Checks<ServerOptions> = {
  id: isName,
  cluster: isName,
  directory: isText,
  listen: isAddress,
  members: areMembers,
  join: isJoin,
  logger: hasMethods('info', 'warn', 'error'),
  tls: isCertificateSource,
  allowPlaintext: isBoolean,
  snapshotBytesPerSecond: isSize,
  raft: () => null,
  storage: () => null,
}

const STORAGE_CHECKS: Checks<NonNullable<ServerOptions['storage']>> = {
  firstSegmentBytes: isSize,
  maxSegmentBytes: isSize,
  maxTailBytes: isSize,
}

/** What one value alone does not show. @throws OptionsError */
export function checkServer(options: ServerOptions): void {
  requireAll({ ...options }, ['id', 'cluster', 'directory', 'members'])
  const { id, members, storage, raft, listen } = options
  const isMember = Object.hasOwn(members, id)
  if (isJoining(options) && listen === undefined && !isMember) {
    throw new OptionsError('to join, a server needs `listen`: the address at which the others will find it')
  }
  if (!isJoining(options) && !isMember) {
    const names = Object.keys(members).join(', ')
    throw new OptionsError(`id '${id}' is not among the members ${names}: add it, or set \`join\` for a new server`)
  }
  if (storage !== undefined) checkEach(storage, STORAGE_CHECKS, 'storage')
  if (raft !== undefined) checkRaftNames(raft)
}

/** True when the server asks to be taken into a cluster that is there. */
export function isJoining({ join }: ServerOptions): boolean {
  return join !== undefined && join !== false
}

/** What the options say of the transport's limits. */
export function limitsOf({ snapshotBytesPerSecond }: ServerOptions): Partial<TransportLimits> {
  return snapshotBytesPerSecond === undefined ? {} : { snapshotBytesPerSecond }
}

/** Where it listens. */
export function addressOf({ id, listen, members }: ServerOptions): string {
  return listen ?? (members[id] as string)
}
