/** All cases of the sweep, one after the other: every fault of every server's folder, for each ending of the life. */
import type { ServerId } from '../../../raft/entry.ts'
import { SEGMENT_HEADER_BYTES } from '../../../storage/segment.ts'
import type { Hop } from '../../../util/hop.ts'
import { type Fault, type FaultKind, faultsOf, nameOfFault } from './fault.ts'
import type { Folder, StoredFile } from './folder.ts'
import { type Findings, inspectFolder } from './inspect.ts'
import { type Ending, type Estate, liveLife } from './life.ts'
import { SweepFailure } from './stage.ts'
import { type Outcome, tryFault } from './trial.ts'

/** What a file is for: the same in every folder, whatever its number is there. */
export const FILE_ROLES = [
  'identity',
  'founders',
  'full segment',
  'active segment',
  'spare segment',
  'newest snapshot',
  'older snapshot',
] as const

export type FileRole = (typeof FILE_ROLES)[number]

export interface SweepOptions {
  readonly endings: readonly Ending[]
  readonly servers: readonly ServerId[]
  /** Takes each case whose number leaves `part` when divided by `of`: so that several processes share the work. */
  readonly part?: number
  readonly of?: number
  /** Of the refusals, how many are cured to the end: every so manyth case. */
  readonly cureEvery?: number
}

/** One case that was tried. */
export interface SweptCase {
  readonly ending: Ending
  readonly server: ServerId
  readonly role: FileRole
  readonly kind: FaultKind
  /** What `--only` takes: ending, server and fault. */
  readonly name: string
  readonly outcome: Outcome
  readonly words: string
  /** It was refused, and another server took its place. */
  readonly isCured: boolean
}

/** A folder that is to be damaged, with what it holds when it is whole. */
interface Bench {
  readonly estate: Estate
  readonly server: ServerId
  readonly folder: Folder
  readonly sound: Findings
}

/** How many cases there are; `part` and `of` do not count. */
export async function countCases(options: SweepOptions, hop: Hop): Promise<number> {
  let count = 0
  for (const bench of await benchesOf(options, hop)) count += faultsOf(bench.folder).length
  return count
}

/** Each case when it has been tried. */
export async function* sweep(options: SweepOptions, hop: Hop): AsyncGenerator<SweptCase, void, undefined> {
  const { part = 0, of = 1, cureEvery = 20 } = options
  let number = 0
  for (const bench of await benchesOf(options, hop)) {
    for (const fault of faultsOf(bench.folder)) {
      number++
      if (number % of !== part) continue
      yield await sweepOne(bench, fault, Math.floor(number / of) % cureEvery === 0, hop)
    }
  }
}

/** The one case of this name, cured if it is refused. @throws SweepFailure when there is no such server */
export async function sweepAgain(ending: Ending, server: ServerId, fault: Fault, hop: Hop): Promise<SweptCase> {
  const [bench] = await benchesOf({ endings: [ending], servers: [server] }, hop)
  if (bench === undefined || !bench.folder.has(fault.file))
    throw new SweepFailure(`${server} has no file ${fault.file}: ${[...(bench?.folder.keys() ?? [])].join(', ')}`)
  return sweepOne(bench, fault, true, hop)
}

async function benchesOf({ endings, servers }: SweepOptions, hop: Hop): Promise<Bench[]> {
  const benches: Bench[] = []
  for (const ending of endings) {
    const estate = await liveLife(ending, hop)
    for (const server of servers) {
      const folder = estate.folders.get(server)
      if (folder === undefined) throw new SweepFailure(`there is no server ${server}`)
      const sound = await inspectFolder(server, folder, null)
      if (sound instanceof Error) throw sound
      benches.push({ estate, server, folder, sound })
    }
  }
  return benches
}

async function sweepOne(bench: Bench, fault: Fault, withCure: boolean, hop: Hop): Promise<SweptCase> {
  const { estate, server, folder, sound } = bench
  const { outcome, words } = await tryFault({ estate, server, fault, sound, withCure }, hop)
  const { ending } = estate
  const name = `${ending}/${server}/${nameOfFault(fault)}`
  const isCured = withCure && outcome === 'refused'
  return { ending, server, role: roleOf(folder, fault.file), kind: fault.kind, name, outcome, words, isCured }
}

function roleOf(folder: Folder, file: string): FileRole {
  if (file === 'identity' || file === 'founders') return file
  const alike = [...folder.keys()].filter((name) => name.startsWith(file.slice(0, 4)))
  if (file.startsWith('snapshot')) return file === alike.at(-1) ? 'newest snapshot' : 'older snapshot'
  if (isSpare(folder, file)) return 'spare segment'
  const written = alike.filter((name) => !isSpare(folder, name))
  return file === written.at(-1) ? 'active segment' : 'full segment'
}

function isSpare(folder: Folder, file: string): boolean {
  const { bytes } = folder.get(file) as StoredFile
  return bytes.subarray(SEGMENT_HEADER_BYTES).every((byte) => byte === 0)
}
