/** What is wrong with the options of a group, beyond what the node itself looks at. */
import type { ServerId } from '../../raft/entry.ts'
import { OptionsError } from '../../raft/errors.ts'
import { type RaftOptions, resolveOptions } from '../../raft/options.ts'
import { isGroupName } from '../../storage/host-storage.ts'
import { DEFAULT_LIMITS } from '../../transport/limits.ts'
import {
  type Checks,
  checkEach,
  checkLimits,
  checkRaftNames,
  hasMethods,
  isDuration,
  isJoin,
  isName,
  isSize,
  requireAll,
} from '../check-options.ts'
import type { GroupOptions } from './host-options.ts'

const NAME_RULE = 'use 1 to 64 lower-case letters, digits, dashes and underscores'

const CHECKS: Checks<GroupOptions> = {
  name: (value) => (isGroupName(value) ? null : NAME_RULE),
  stateMachine: hasMethods('apply', 'snapshot', 'restore'),
  members: areNames,
  join: isJoin,
  snapshotEveryBytes: isSize,
  requestTimeoutMs: isDuration,
  maxQueuedBytes: isSize,
  diskStallMs: isDuration,
  slowPeerMs: isDuration,
  raft: () => null,
  logger: hasMethods('info', 'warn', 'error'),
  makeRaft: () => null,
}

function areNames(value: unknown): string | null {
  if (!Array.isArray(value) || value.length === 0) return 'it must be a list of hosts, at least one'
  const wrong = value.find((id) => isName(id) !== null)
  if (wrong !== undefined) return `${String(wrong)}: ${isName(wrong)}`
  return new Set(value).size === value.length ? null : 'it names a host twice'
}

/** @param whole the core's options, with the host's. @throws OptionsError */
export function checkGroup(options: GroupOptions, id: ServerId, whole: Partial<RaftOptions>): void {
  checkEach(options, CHECKS)
  requireAll({ ...options }, ['name', 'stateMachine'])
  const { raft } = options
  if (raft !== undefined) checkRaftNames(raft)
  checkLimits(options, resolveOptions({ ...whole, id }), DEFAULT_LIMITS.maxFrameBytes)
}

/** @throws OptionsError */
export function requireName(name: unknown): void {
  if (!isGroupName(name)) throw new OptionsError(`'${String(name)}' cannot be the name of a group: ${NAME_RULE}`)
}
