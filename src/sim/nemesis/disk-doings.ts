/** Disks that are slow, full, broken, rotten, or gone. */
import type { FileImage } from '../../storage/memory-file-image.ts'
import type { MemoryFileSystem } from '../../storage/memory-file-system.ts'
import type { Random } from '../../util/random.ts'
import type { Action } from '../plan.ts'
import type { SimCluster } from '../sim-cluster.ts'
import type { SimServer } from '../sim-server.ts'
import { aimAt } from './aim.ts'
import type { Doing, Stage } from './stage.ts'

type DiskAction = Extract<Action, { kind: 'slowDisk' | 'fullDisk' | 'breakDisk' | 'rot' | 'misdirect' | 'emptyDisk' }>

/** What a disk reads and writes as one. */
const BLOCK_BYTES = 4096

/** See `doingOf`. */
export function doToDisk(action: DiskAction, stage: Stage): Doing | null {
  const { cluster, random, supervisor } = stage
  const server = aimAt(action.server, cluster, random)
  if (server === null) return null
  const { disk } = server
  switch (action.kind) {
    case 'slowDisk': {
      disk.slowDown({ minSyncMs: action.ms / 2, maxSyncMs: action.ms })
      return {
        words: `syncs take up to ${action.ms} ms`,
        server,
        end: () => disk.slowDown(null),
      }
    }
    case 'fullDisk':
      supervisor.excuse(server)
      disk.isFull = true
      return {
        words: 'has a full disk',
        server,
        end: () => {
          disk.isFull = false
          supervisor.excuseEnds(server)
        },
      }
    case 'breakDisk': {
      supervisor.excuse(server)
      const broken = action.once === true ? disk.brokenOnce : disk.broken
      broken.add(action.operation)
      return {
        words: `has a disk whose ${action.once === true ? 'next' : 'every'} ${action.operation} fails`,
        server,
        end: () => {
          broken.delete(action.operation)
          supervisor.excuseEnds(server)
        },
      }
    }
    case 'rot':
      if (!mayTamper(server, cluster)) return null
      return rot(action.bits, files(action.file, disk.files), server, random)
    case 'misdirect':
      if (!mayTamper(server, cluster)) return null
      return misdirect(files(action.file, disk.files), server, random)
    case 'emptyDisk':
      // Whoever founded a cluster alone does so again on an empty disk: there is nobody to tell him otherwise.
      if (cluster.settings.servers === 1 || !mayTamper(server, cluster)) return null
      // Nothing that it has said before is under way any more: who empties a disk takes longer than a packet.
      for (const other of cluster.servers) cluster.network.hangUp(server.id, other.id)
      cluster.crash(server, 'power')
      server.emptyDisk()
      supervisor.startLater(server)
      return { words: 'has an empty disk', server, end: null }
  }
}

/**
 * What is left must still be able to know everything: of every configuration that any server goes by, a majority has
 * disks that nobody has tampered with.
 */
function mayTamper(server: SimServer, cluster: SimCluster): boolean {
  const isSound = (id: string): boolean => {
    const one = cluster.byId(id)
    return one !== null && one !== server && !one.isTampered && one.diskNumber === 1
  }
  const nodes = cluster.servers.flatMap(({ node }) => (node === null ? [] : [node]))
  if (nodes.length < cluster.servers.length) return false
  return nodes.every((node) => {
    const { voters, votersOutgoing } = node.status().configuration
    return [voters, votersOutgoing].every((set) => set.length === 0 || set.filter(isSound).length * 2 > set.length)
  })
}

function rot(bits: number, names: readonly string[], server: SimServer, random: Random): Doing | null {
  if (names.length === 0) return null
  server.isTampered = true
  const { files: system } = server.disk
  const name = random.pick(names)
  const image = system.image(name)
  // A file of the log is zeros for the most part, where a bit that flips is of no use to anybody.
  const written = random.chance(0.7) ? endOf(image) : image.size
  for (let i = 0; i < bits; i++) image.flip(random.below(Math.max(written, 1)), 1 << random.below(8))
  return { words: `${bits} bits of ${name} flip`, server, end: null }
}

function misdirect(names: readonly string[], server: SimServer, random: Random): Doing | null {
  if (names.length === 0) return null
  server.isTampered = true
  const { files: system } = server.disk
  const [from, to] = [random.pick(names), random.pick(names)]
  const [source, target] = [system.image(from), system.image(to)]
  const blockOf = (size: number): number => random.below(Math.ceil(Math.max(size, 1) / BLOCK_BYTES)) * BLOCK_BYTES
  const block = source.read(blockOf(source.size), BLOCK_BYTES)
  const offset = blockOf(target.size)
  if (offset + 2 * BLOCK_BYTES > endOf(target)) return null
  target.tamper(offset, block)
  return { words: `a block of ${from} lands at byte ${offset} of ${to}`, server, end: null }
}

/**
 * Behind its last byte that is not zero. Where the newest batch lies, a block that lands there can leave what an
 * interrupted write would leave, and nobody can tell the two apart (docs/decisions/0010): such a fault is not in the
 * model.
 */
function endOf(image: FileImage): number {
  const bytes = image.read(0, image.size)
  return bytes.findLastIndex((byte) => byte !== 0) + 1
}

function files(which: 'log' | 'snapshot' | 'any', system: MemoryFileSystem): string[] {
  return system.names().filter((name) => which === 'any' || name.startsWith(which))
}
