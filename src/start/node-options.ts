/** What `startNode` is given, and what is wrong with it. */
import type { CertificateSource } from '../io/certificates.ts'
import type { TcpOptions } from '../io/tcp-transport.ts'
import type { ServerId } from '../raft/entry.ts'
import { OptionsError } from '../raft/errors.ts'
import { type RaftOptions, resolveOptions } from '../raft/options.ts'
import {
  areMembers,
  type Checks,
  checkEach,
  checkLimits,
  hasMethods,
  isAddress,
  isBoolean,
  isDuration,
  isJoin,
  isName,
  isSize,
  isText,
  requireAll,
} from '../runtime/check-options.ts'
import type { Logger } from '../runtime/logger.ts'
import type { RaftNodeOptions } from '../runtime/node-options.ts'
import type { StateMachine } from '../runtime/state-machine.ts'
import type { DiskStorageOptions } from '../storage/disk-storage.ts'
import { DEFAULT_LIMITS } from '../transport/limits.ts'
import { isCertificateSource } from './tls.ts'

/**
 * What `startNode` needs of one server: `id`, `cluster`, `directory`, `members` and `stateMachine` are yours to say,
 * the rest has defaults. The folder remembers `id` and `cluster` from the first start, and refuses others later.
 */
export interface NodeOptions
  extends TcpOptions,
    Pick<RaftNodeOptions, 'snapshotEveryBytes' | 'requestTimeoutMs' | 'maxQueuedBytes' | 'diskStallMs' | 'slowPeerMs'> {
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
  /** What the commands do. It is empty, and is restored from the disk before `startNode` returns. */
  readonly stateMachine: StateMachine
  /**
   * This server's certificate and whom it believes: all that servers say to each other then goes over TLS 1.3, and each
   * proves its id by the name in its certificate, `URI:quorate://<cluster>/<id>`. Without it they speak plain TCP, and only
   * within one machine, unless `allowPlaintext` is set.
   */
  readonly tls?: CertificateSource
  /** Where the node says what happens to it; by default nowhere. */
  readonly logger?: Logger
  /** Elections, heartbeats, sizes: the defaults suit a local network. */
  readonly raft?: Partial<RaftOptions>
  /** How the log lies on the disk. */
  readonly storage?: NonNullable<DiskStorageOptions['log']>
}

/** One check for each option; the core looks at its own, `raft`, and the storage at its sizes. */
const CHECKS: Checks<NodeOptions> = {
  id: isName,
  cluster: isName,
  directory: isText,
  listen: isAddress,
  members: areMembers,
  join: isJoin,
  stateMachine: hasMethods('apply', 'snapshot', 'restore'),
  logger: hasMethods('info', 'warn', 'error'),
  tls: isCertificateSource,
  allowPlaintext: isBoolean,
  snapshotEveryBytes: isSize,
  requestTimeoutMs: isDuration,
  maxQueuedBytes: isSize,
  diskStallMs: isDuration,
  slowPeerMs: isDuration,
  raft: () => null,
  storage: () => null,
}

const STORAGE_CHECKS: Checks<NonNullable<NodeOptions['storage']>> = {
  firstSegmentBytes: isSize,
  maxSegmentBytes: isSize,
  maxTailBytes: isSize,
}

/** Only their names: the core knows the rest. */
const RAFT_CHECKS: Checks<object> = Object.fromEntries(
  Object.keys(resolveOptions({ id: 'a' })).flatMap((name) => (name === 'id' ? [] : [[name, () => null]])),
)

/** @throws OptionsError for what is missing, unknown or out of range, and for options that contradict each other */
export function checkOptions(options: NodeOptions): void {
  checkEach(options, CHECKS)
  requireAll({ ...options }, ['id', 'cluster', 'directory', 'members', 'stateMachine'])
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
  if (raft !== undefined) checkEach(raft, RAFT_CHECKS, 'raft')
  checkLimits(options, resolveOptions({ ...raft, id }), DEFAULT_LIMITS.maxFrameBytes)
}

/** True when the server asks to be taken into a cluster that is there. */
export function isJoining({ join }: NodeOptions): boolean {
  return join !== undefined && join !== false
}
