/** The last resort, when the majority of a cluster is lost for good. */
import { NodeFileSystem } from '../io/node-file-system.ts'
import type { ServerId } from '../raft/entry.ts'
import { checkEach, isAddress, isName, isText, requireAll } from '../runtime/check-options.ts'
import { type RecoveredCluster, recoverFolder } from '../storage/survivor.ts'
import { entropy } from './entropy.ts'

/** What `recoverCluster` needs to know. */
export interface RecoverOptions {
  /** The survivor's own folder; no server may run on it. */
  readonly directory: string
  /** The survivor's id, which it keeps. */
  readonly id: ServerId
  /** The name of the new cluster: none that these servers ever had. */
  readonly cluster: string
  /** Where the survivor listens, if not where it did. */
  readonly address?: string
}

/**
 * The last resort: the majority is lost for good, and the folder of one survivor becomes a new cluster, of which it is
 * the only voter. **What the lost servers had acknowledged and this one never received is lost, and what it received
 * without a majority becomes committed.** The servers of the old cluster are refused from then on. `quorate recover`
 * does the same, and says first what is there.
 *
 * @throws StorageError: locked, damaged, somebody else's, or under a name that it has already; OptionsError
 */
export async function recoverCluster(options: RecoverOptions): Promise<RecoveredCluster> {
  checkEach<RecoverOptions>(options, { directory: isText, id: isName, cluster: isName, address: isAddress })
  requireAll({ ...options }, ['directory', 'id', 'cluster'])
  const { directory, id: serverId, cluster: clusterId, address } = options
  return recoverFolder(new NodeFileSystem(directory), entropy(), { clusterId, serverId, address })
}
