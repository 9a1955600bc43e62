/**
 * Disaster recovery: the majority of a cluster is lost for good, and one survivor's folder becomes the beginning of a new
 * cluster, of which it is the only voter. Nothing can make this safe in Raft's sense. What the lost servers had
 * acknowledged and this one never received is gone, and what this one received without a majority becomes committed. So
 * it is done by hand, aloud, and only to a server that does not run.
 *
 * The servers of the old cluster may come back from the dead. They must never talk to the new one, which has another
 * history: the new cluster has a name of its own, which every hello carries. The order of the steps sees to it, wherever
 * a crash interrupts them:
 *
 * 1. `recovery-to-<name>.json` says what was there and what will be: the copy of the identity that is replaced.
 * 2. The identity names the new cluster. From here on the folder is refused under the old name, and without step 3 it can
 *    win no election in the new one: run it again.
 * 3. The log gets a configuration with this server as the only voter, in a term of its own.
 *
 * The other way round, a crash between 2 and 3 would leave a server of the old cluster's name that elects itself.
 */
import { type Configuration, encodeConfiguration, membersOf, NOBODY } from '../raft/configuration.ts'
import { encodeEntries, type Index, type ServerId, type Term } from '../raft/entry.ts'
import { utf8Decode, utf8Encode } from '../util/bytes.ts'
import type { Random } from '../util/random.ts'
import { type DiskStorage, openDiskStorage } from './disk-storage.ts'
import { StorageError } from './errors.ts'
import { type FileSystem, FileSystemError } from './file-system.ts'
import { readIdentity, type ServerIdentity, writeIdentity } from './identity.ts'

/** What a survivor's folder holds. */
export interface SurvivorReport {
  readonly folder: string
  readonly clusterId: string
  readonly serverId: ServerId
  readonly term: Term
  /** The log: entries behind `snapshotIndex` up to `lastIndex`, which is of term `lastTerm`. */
  readonly firstIndex: Index
  readonly lastIndex: Index
  readonly lastTerm: Term
  readonly snapshotIndex: Index
  /** Null when neither log nor snapshot says: the members are then those of the configuration file. */
  readonly configuration: Configuration | null
  /** Recovery of this folder was begun, for this cluster, and is not complete. */
  readonly interrupted: string | null
}

/** What was made of it. */
export interface RecoveredCluster {
  readonly clusterId: string
  readonly serverId: ServerId
  readonly address: string
  /** Where in the log the new configuration stands, and in which term. */
  readonly index: Index
  readonly term: Term
  /** The file that holds what was replaced. */
  readonly copy: string
}

export class Survivor {
  readonly report: SurvivorReport
  private readonly fileSystem: FileSystem
  private readonly storage: DiskStorage

  private constructor(fileSystem: FileSystem, storage: DiskStorage, interrupted: string | null) {
    this.fileSystem = fileSystem
    this.storage = storage
    this.report = describe(fileSystem.folder, storage, interrupted)
  }

  /**
   * Takes the folder's lock and reads everything, as a start would: a torn last write is cut off, damage is refused.
   *
   * @throws StorageError, ERR_QUORATE_LOCKED while a server runs on it
   */
  static async open(fileSystem: FileSystem, random: Random): Promise<Survivor> {
    const identity = await findIdentity(fileSystem)
    const { clusterId, serverId } = identity
    const storage = await openDiskStorage({ fileSystem, clusterId, serverId, initialConfiguration: NOBODY, random })
    try {
      return new Survivor(fileSystem, storage, await interruptedRecovery(fileSystem, identity, storage))
    } catch (error) {
      await storage.close()
      throw error
    }
  }

  /** Where this server listens, as far as the folder knows. */
  get address(): string | null {
    return this.report.configuration?.addresses[this.report.serverId] ?? null
  }

  /**
   * Makes the new cluster. Durable on return; interrupted, it can be run again with the same name.
   *
   * @param clusterId a name that no cluster of these servers ever had
   * @throws StorageError ERR_QUORATE_WRONG_CLUSTER when that is this cluster's name
   */
  async recover(clusterId: string, address: string): Promise<RecoveredCluster> {
    const { serverId, clusterId: oldClusterId, interrupted } = this.report
    if (interrupted !== null && interrupted !== clusterId) {
      const message = `recovery to cluster ${interrupted} was interrupted: finish it, under that name`
      throw new StorageError('ERR_QUORATE_WRONG_CLUSTER', message)
    }
    if (interrupted === null) {
      if (clusterId === oldClusterId) {
        const message = `the cluster is called ${oldClusterId} already: servers that come back would talk to it; choose another name`
        throw new StorageError('ERR_QUORATE_WRONG_CLUSTER', message)
      }
      await this.writeCopy(clusterId)
      await writeIdentity(this.fileSystem, { ...this.storage.identity, clusterId })
    }
    const { index, term } = await this.appendConfiguration(address)
    return { clusterId, serverId, address, index, term, copy: `${this.fileSystem.folder}/${copyName(clusterId)}` }
  }

  close(): Promise<void> {
    return this.storage.close()
  }

  private async writeCopy(to: string): Promise<void> {
    const { folder: _folder, interrupted: _interrupted, ...before } = this.report
    const text = JSON.stringify({
      format: 1,
      to,
      before: { ...before, incarnation: this.storage.identity.incarnation },
    })
    const { fileSystem } = this
    const temporary = 'recovery.tmp'
    if ((await fileSystem.list()).includes(temporary)) await fileSystem.remove(temporary)
    const file = await fileSystem.open(temporary, 'create')
    file.write(0, [utf8Encode(`${text}\n`)])
    await file.sync()
    await file.close()
    await fileSystem.rename(temporary, copyName(to))
    await fileSystem.syncFolder()
  }

  /** In a term that nobody else can have led in this log: as if this server had led in it, alone. */
  private async appendConfiguration(address: string): Promise<{ index: Index; term: Term }> {
    const { serverId, lastIndex, term: oldTerm } = this.report
    const configuration = onlyVoter(serverId, address, this.report.configuration)
    const term = oldTerm + 1
    const index = lastIndex + 1
    const entries = encodeEntries([encodeConfiguration(configuration)], 'configuration', term, index)
    const hardState = { term, votedFor: null }
    await this.storage.log.write([{ seq: 0, hardState, snapshot: null, truncateFrom: null, entries }])
    return { index, term }
  }
}

/** All in one: opens the folder, makes the new cluster, and lets go of it. @throws StorageError */
export async function recoverFolder(
  fileSystem: FileSystem,
  random: Random,
  wanted: { readonly clusterId: string; readonly serverId: ServerId; readonly address: string | undefined },
): Promise<RecoveredCluster> {
  const survivor = await Survivor.open(fileSystem, random)
  try {
    requireServer(survivor.report, wanted.serverId)
    const address = wanted.address ?? survivor.address
    if (address === null) {
      const message = `${fileSystem.folder} does not say where ${wanted.serverId} listens: give its address`
      throw new StorageError('ERR_QUORATE_NOTHING_TO_RECOVER', message)
    }
    return await survivor.recover(wanted.clusterId, address)
  } finally {
    await survivor.close()
  }
}

/** @throws StorageError ERR_QUORATE_WRONG_SERVER */
export function requireServer({ folder, serverId }: SurvivorReport, wanted: ServerId): void {
  if (serverId === wanted) return
  throw new StorageError('ERR_QUORATE_WRONG_SERVER', `${folder} belongs to server ${serverId}, not to ${wanted}`)
}

function copyName(to: string): string {
  return `recovery-to-${to}.json`
}

/** The names of the lost servers are not given out again, as after any removal. */
function onlyVoter(id: ServerId, address: string, before: Configuration | null): Configuration {
  const gone = before === null ? [] : [...before.retired, ...membersOf(before).filter((member) => member !== id)]
  return { ...NOBODY, voters: [id], retired: [...new Set(gone)].sort(), addresses: { [id]: address } }
}

/** Looked for before the folder is locked: to lock a folder that is not there would make it. */
async function findIdentity(fileSystem: FileSystem): Promise<ServerIdentity> {
  let identity: ServerIdentity | null
  try {
    identity = await readIdentity(fileSystem)
  } catch (error) {
    if (!(error instanceof FileSystemError) || error.code !== 'ENOENT') throw error
    identity = null
  }
  if (identity !== null) return identity
  const message = `${fileSystem.folder} holds no server's data: name the survivor's own folder`
  throw new StorageError('ERR_QUORATE_NOTHING_TO_RECOVER', message)
}

/** The identity was replaced and nothing was appended since, which only step 3 can do: it is missing. */
async function interruptedRecovery(
  fileSystem: FileSystem,
  { clusterId }: ServerIdentity,
  { boot }: DiskStorage,
): Promise<string | null> {
  if (!(await fileSystem.list()).includes(copyName(clusterId))) return null
  const copy = await fileSystem.open(copyName(clusterId), 'existing')
  const text = utf8Decode(await copy.read(0, copy.size)) ?? ''
  await copy.close()
  const { before } = JSON.parse(text) as { readonly before: { readonly lastIndex: Index } }
  return boot.lastIndex > before.lastIndex ? null : clusterId
}

function configurationOf({ configurations, snapshot }: DiskStorage['boot']): Configuration {
  return configurations.at(-1)?.configuration ?? snapshot.configuration
}

function describe(folder: string, { identity, boot }: DiskStorage, interrupted: string | null): SurvivorReport {
  const { clusterId, serverId } = identity
  const { hardState, snapshot, base, lastIndex, terms } = boot
  const lastTerm = terms.at(-1)?.term ?? base.term
  const configuration = configurationOf(boot)
  return {
    ...{ folder, clusterId, serverId, lastIndex, lastTerm, interrupted },
    term: Math.max(hardState.term, lastTerm, snapshot.term),
    firstIndex: base.index + 1,
    snapshotIndex: snapshot.index,
    configuration: membersOf(configuration).length === 0 ? null : configuration,
  }
}
