/**
 * One case: the cluster is started from an estate with one fault on one disk, is worked with as operators and clients
 * do, is started again, and is judged. Whatever must not be ends it with a SweepFailure.
 */
import type { ServerId } from '../../../raft/entry.ts'
import { asError } from '../../../runtime/errors.ts'
import { DamageError, StorageError } from '../../../storage/errors.ts'
import { MemoryFileSystem } from '../../../storage/memory-file-system.ts'
import { equal } from '../../../util/bytes.ts'
import type { Hop } from '../../../util/hop.ts'
import type { SimServer } from '../../sim-server.ts'
import { type Fault, putFolder } from './fault.ts'
import { contentOf, type Folder } from './folder.ts'
import { type Findings, inspectDisk, inspectFolder } from './inspect.ts'
import type { Estate } from './life.ts'
import { nodeOf, Stage, SweepFailure } from './stage.ts'

/**
 * What came of a fault. unaffected: nothing that the server needs was there. repaired: it made do with another copy, its own or the others'.
 * forgot: what it wrote last is gone as if it had never been written, which nobody can tell from an interrupted write
 * (docs/decisions/0010); it got it back from the others. lost: it forgot what only one other server had, and the cluster
 * went on without it; only where the third one was behind. refused: it did not start, and said why. failed: anything else.
 */
export const OUTCOMES = ['unaffected', 'repaired', 'forgot', 'lost', 'refused', 'failed'] as const

export type Outcome = (typeof OUTCOMES)[number]

export interface Verdict {
  readonly outcome: Outcome
  /** Of a refusal the error's message, of a failure what was wrong, of what was forgotten how much; else empty. */
  readonly words: string
}

export interface Case {
  readonly estate: Estate
  readonly server: ServerId
  readonly fault: Fault
  /** What the server's folder holds without a fault. */
  readonly sound: Findings
  /** Also replaces the server, when it has refused, as its message says. */
  readonly withCure: boolean
}

/** Of a batch in the estates of this sweep; nothing in them is larger than a few commands. */
const LARGEST_BATCH_BYTES = 1024

export async function tryFault(one: Case, hop: Hop): Promise<Verdict> {
  const { server, estate, fault } = one
  const found = await inspectFolder(server, folderOf(estate, server), fault)
  const trial = new Trial(one, hop)
  const hasForgotten = !(found instanceof Error) && found.batches < one.sound.batches
  try {
    await trial.perform(found instanceof Error)
    if (found instanceof Error) return { outcome: 'refused', words: found.message }
    return judgeFound(one, found)
  } catch (error) {
    const isLoss = error instanceof Loss && hasForgotten && estate.ending === 'behind'
    return { outcome: isLoss ? 'lost' : 'failed', words: asError(error).message }
  }
}

function judgeFound({ sound, fault }: Case, found: Findings): Verdict {
  const { batches, bytes, damagedSnapshots, knowsFounders, snapshot } = found
  if (batches < sound.batches) {
    const words = `${sound.batches - batches} batches of the log, ${sound.bytes - bytes} bytes`
    // A batch may begin in front of the block; what lies wholly in front of it is intact and must have been read.
    if (sound.bytes - bytes > fault.length + LARGEST_BATCH_BYTES) throw new SweepFailure(`it has given up ${words}`)
    return { outcome: 'forgot', words }
  }
  const isSame = damagedSnapshots === 0 && knowsFounders && snapshot === sound.snapshot
  return { outcome: isSame ? 'unaffected' : 'repaired', words: '' }
}

function folderOf({ folders }: Estate, id: ServerId): Folder {
  return folders.get(id) ?? new Map()
}

/** A pair is not there. */
class Loss extends SweepFailure {}

class Trial {
  private readonly stage: Stage
  private readonly case: Case
  private readonly damaged: SimServer
  private readonly added = new Map<string, string>()
  /** What became of the puts that were under way when the life ended, as the first reader saw it. */
  private settled: Map<string, string> | null = null

  constructor(one: Case, hop: Hop) {
    this.case = one
    this.stage = new Stage(hop, 7)
    for (const { id, disk } of this.stage.cluster.servers) {
      putFolder(disk.files, folderOf(one.estate, id), id === one.server ? one.fault : null)
    }
    this.damaged = this.stage.cluster.byId(one.server) as SimServer
    this.damaged.isTampered = true
  }

  /** @throws SweepFailure, or whatever the simulated world ends with */
  perform(isToRefuse: boolean): Promise<void> {
    return this.stage.world.run(this.story(isToRefuse))
  }

  private async story(isToRefuse: boolean): Promise<void> {
    const { stage } = this
    await stage.startAll()
    this.judgeStart(isToRefuse)
    await stage.agree()
    await this.readEverywhere()
    for (const server of [...stage.running]) {
      await stage.lead(server)
      await this.add(server)
    }
    await stage.agree()
    for (const server of [...stage.running]) stage.kill(server)
    await stage.startAll()
    this.judgeStart(isToRefuse)
    await stage.agree()
    await this.readEverywhere()
    if (isToRefuse && this.case.withCure) await this.cure()
    await this.judgeOthers()
  }

  /** What is wrong on one disk stays there. */
  private async judgeOthers(): Promise<void> {
    for (const server of [...this.stage.running]) this.stage.kill(server)
    for (const { id, disk, host } of this.stage.cluster.servers) {
      if (id === this.damaged.id) continue
      // An operator's tool, as a process on that machine.
      host.begin()
      const found = await inspectDisk(id, disk.files)
      host.end()
      if (found instanceof Error) throw new SweepFailure(`the fault has come to ${id}: ${found.message}`)
      if (found.damagedSnapshots > 0) throw new SweepFailure(`the fault has come to a snapshot of ${id}`)
    }
  }

  private judgeStart(isToRefuse: boolean): void {
    const { damaged, stage } = this
    for (const server of stage.cluster.servers) {
      if (server.failure !== null && server !== damaged)
        throw new SweepFailure(`${server.id}, whose disk is sound, ended: ${server.failure.message}`)
    }
    if ((damaged.failure !== null) !== isToRefuse)
      throw new SweepFailure(`by itself it opens otherwise: ${stage.describe()}`)
    if (damaged.failure !== null) this.judgeRefusal(damaged.failure)
  }

  private judgeRefusal(error: Error): void {
    const { damaged } = this
    const folder = `/${damaged.id}`
    if (!(error instanceof StorageError)) throw new SweepFailure(`it ended with a ${error.name}: ${error.message}`)
    if (!error.message.includes(folder)) throw new SweepFailure(`its error names no file: ${error.message}`)
    if (error instanceof DamageError && !(error.file.startsWith(folder) && error.offset >= 0))
      throw new SweepFailure(`its error names no place: ${error.message}`)
    const { files } = damaged.disk
    const before = new MemoryFileSystem()
    putFolder(before, folderOf(this.case.estate, damaged.id), this.case.fault)
    const isAsItWas =
      before.names().join() === files.names().join() &&
      before.names().every((name) => equal(contentOf(before, name), contentOf(files, name)))
    if (!isAsItWas) throw new SweepFailure(`it refused to start and has changed its files: ${error.message}`)
  }

  /** Nothing acknowledged is lost, and nobody serves anything else than the others. */
  private async readEverywhere(): Promise<void> {
    for (const server of this.stage.running) this.judgeRead(server.id, await this.stage.readAll(server))
  }

  private judgeRead(id: ServerId, read: ReadonlyMap<string, string>): void {
    const { acknowledged, unsure } = this.case.estate
    this.settled ??= new Map([...unsure].filter(([key]) => read.has(key)))
    const wanted = new Map([...acknowledged, ...this.settled, ...this.added])
    for (const [key, value] of wanted) {
      if (!read.has(key)) throw new Loss(`${id} does not have ${key}, which was acknowledged or read`)
      if (read.get(key) !== value) throw new SweepFailure(`${id} serves ${read.get(key)} for ${key}`)
    }
    if (read.size !== wanted.size) throw new SweepFailure(`${id} serves ${read.size} pairs instead of ${wanted.size}`)
  }

  private async add(server: SimServer): Promise<void> {
    const key = `new ${this.added.size}`
    await this.stage.put(server, key, `through ${server.id}`)
    this.added.set(key, `through ${server.id}`)
  }

  /** What the refusal's message says: remove this server, add a new one with an empty folder. */
  private async cure(): Promise<void> {
    const { stage, damaged } = this
    await nodeOf(stage.cluster.leader as SimServer).change({ type: 'remove', id: damaged.id })
    // The fourth one's id was used in the estate's life: whoever was removed has had its time.
    stage.cluster.addServer()
    const fresh = stage.cluster.join(true)
    await stage.until(() => fresh.node?.status().configuration.voters.includes(fresh.id) === true, 'a new server votes')
    await stage.agree()
    await this.add(fresh)
    await stage.agree()
    await this.readEverywhere()
  }
}
