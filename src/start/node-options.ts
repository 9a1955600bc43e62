/** What `startNode` is given, and what is wrong with it. */
import { resolveOptions } from '../raft/options.ts'
import {
  type Checks,
  checkEach,
  checkLimits,
  hasMethods,
  isDuration,
  isSize,
  requireAll,
} from '../runtime/check-options.ts'
import type { RaftNodeOptions } from '../runtime/node-options.ts'
import type { StateMachine } from '../runtime/state-machine.ts'
import { DEFAULT_LIMITS } from '../transport/limits.ts'
import { checkServer, SERVER_CHECKS, type ServerOptions } from './server-options.ts'

/**
 * What `startNode` needs of one server: `id`, `cluster`, `directory`, `members` and `stateMachine` are yours to say,
 * the rest has defaults. The folder remembers `id` and `cluster` from the first start, and refuses others later.
 */
export interface NodeOptions
  extends ServerOptions,
    Pick<RaftNodeOptions, 'snapshotEveryBytes' | 'requestTimeoutMs' | 'maxQueuedBytes' | 'diskStallMs' | 'slowPeerMs'> {
  /**
   * What the commands do. It is empty, and is restored from the disk before `startNode` returns; or it is durable and as
   * its own disk has it, and is given what it lacks.
   */
  readonly stateMachine: StateMachine
}

const CHECKS: Checks<NodeOptions> = {
  ...SERVER_CHECKS,
  stateMachine: hasMethods('apply', 'snapshot', 'restore'),
  snapshotEveryBytes: isSize,
  requestTimeoutMs: isDuration,
  maxQueuedBytes: isSize,
  diskStallMs: isDuration,
  slowPeerMs: isDuration,
}

/** @throws OptionsError for what is missing, unknown or out of range, and for options that contradict each other */
export function checkOptions(options: NodeOptions): void {
  checkEach(options, CHECKS)
  requireAll({ ...options }, ['id', 'cluster', 'directory', 'members', 'stateMachine'])
  checkServer(options)
  checkLimits(options, resolveOptions({ ...options.raft, id: options.id }), DEFAULT_LIMITS.maxFrameBytes)
}
