/**
 * The life of a cluster before the fault: three servers, three hundred commands, leaders that came and went, a fourth
 * server that joined and was removed, snapshots of its own and one that a leader sent, a log that was compacted. What it
 * leaves on the three disks is the estate that every case of the sweep begins with.
 */
import type { ServerId } from '../../../raft/entry.ts'
import { SEGMENT_HEADER_BYTES } from '../../../storage/segment.ts'
import type { Hop } from '../../../util/hop.ts'
import type { SimServer } from '../../sim-server.ts'
import { contentOf, copyFiles, type Folder, toFolder } from './folder.ts'
import { nodeOf, Stage } from './stage.ts'

/**
 * How the life ended. stopped: each server in good order. power: all lost power in the middle of work. turned: each in
 * good order, just after the first one had begun a new segment of its log and before it had made the next one. behind:
 * the third one was down for the last commands, so that two disks alone have them; a fault of one of those is the second
 * thing that goes wrong, which is more than the sweep is about.
 */
export const ENDINGS = ['stopped', 'power', 'turned', 'behind'] as const

export type Ending = (typeof ENDINGS)[number]

export interface Estate {
  readonly ending: Ending
  readonly folders: ReadonlyMap<ServerId, Folder>
  /** Every pair whose put was acknowledged; no key was put twice. */
  readonly acknowledged: ReadonlyMap<string, string>
  /** What was under way at the end: each pair may be there or not. */
  readonly unsure: ReadonlyMap<string, string>
}

/** Everything that a life leaves behind, and always the same from the same seed. */
export async function liveLife(ending: Ending, hop: Hop, seed = 1): Promise<Estate> {
  return new Life(ending, hop, seed).live()
}

class Life {
  private readonly stage: Stage
  private readonly ending: Ending
  private readonly acknowledged = new Map<string, string>()
  private readonly unsure = new Map<string, string>()
  private puts = 0

  constructor(ending: Ending, hop: Hop, seed: number) {
    this.ending = ending
    this.stage = new Stage(hop, seed)
  }

  live(): Promise<Estate> {
    return this.stage.world.run(this.story())
  }

  private async story(): Promise<Estate> {
    const { stage } = this
    const [s1, s2, s3] = stage.cluster.servers as [SimServer, SimServer, SimServer]
    await stage.startAll()
    await stage.lead(s1)
    await this.work(s1, 60)
    await this.catchUpBySnapshot(s3)
    await stage.lead(s2)
    await this.joinAndLeave()
    await this.work(s2, 80)
    stage.kill(s2)
    await stage.agree()
    await this.work(s1, 20)
    await stage.startAll()
    await stage.agree()
    await this.snapshots([s1, s2, s3])
    await this.work(s3, 40)
    const earlier = this.copies([s1, s2, s3])
    if (this.ending === 'behind') await this.loseSight(s3)
    await this.work(s1, 30)
    await this.end(stage.running)
    const now = this.copies([s1, s2, s3])
    const { ending, acknowledged, unsure } = this
    const folders = new Map([...now].map(([id, files]) => [id, toFolder(files, earlier.get(id) ?? new Map())]))
    return { ending, folders, acknowledged, unsure }
  }

  /** It is down until the log that it misses is gone: its snapshot is a leader's, and its log begins behind that. */
  private async catchUpBySnapshot(server: SimServer): Promise<void> {
    const { stage } = this
    stage.kill(server)
    await stage.agree()
    await this.work(stage.running[0] as SimServer, 80)
    await this.snapshots(stage.running)
    await stage.startAll()
    await stage.agree()
  }

  private async loseSight(server: SimServer): Promise<void> {
    this.stage.kill(server)
    await this.stage.agree()
  }

  private async joinAndLeave(): Promise<void> {
    const { stage } = this
    const guest = stage.cluster.join(true)
    await stage.until(
      () => guest.node?.status().configuration.voters.includes(guest.id) === true,
      'a fourth server votes',
    )
    await nodeOf(stage.cluster.leader as SimServer).change({ type: 'remove', id: guest.id })
    stage.kill(guest)
    // Off, and out of everybody's mind: the stage goes on with the three.
    stage.cluster.servers.pop()
  }

  private async snapshots(servers: readonly SimServer[]): Promise<void> {
    for (const server of servers) await nodeOf(server).snapshot()
    await this.stage.sleep(20)
  }

  /** In batches of one to four, as many as are on their way at the same time. */
  private async work(server: SimServer, count: number): Promise<void> {
    for (let left = count; left > 0; ) {
      const size = Math.min(1 + (left % 4), left)
      await Promise.all(Array.from({ length: size }, () => this.putNext(server)))
      left -= size
    }
    await this.stage.agree()
  }

  private async putNext(server: SimServer): Promise<void> {
    const key = `k${String(++this.puts).padStart(4, '0')}`
    const value = `${key} is put through ${server.id}`.padEnd(30 + (this.puts % 5) * 10, '.')
    this.unsure.set(key, value)
    await this.stage.put(server, key, value)
    this.unsure.delete(key)
    this.acknowledged.set(key, value)
  }

  private async end(servers: readonly SimServer[]): Promise<void> {
    const { stage, ending } = this
    if (ending !== 'power') {
      if (ending === 'turned') await this.workUntilTurned(servers[0] as SimServer)
      await stage.agree()
      for (const server of servers) await nodeOf(server).stop()
      return
    }
    const cut = Array.from({ length: 8 }, () => this.putNext(servers[0] as SimServer))
    for (const one of cut) one.catch(() => {})
    await stage.sleep(1.2)
    for (const server of servers) stage.cluster.crash(server, 'power')
  }

  private async workUntilTurned(server: SimServer): Promise<void> {
    const { files } = server.disk
    const newest = (): string =>
      files
        .names()
        .filter((name) => name.startsWith('log-'))
        .at(-1) ?? ''
    const isFresh = (): boolean =>
      contentOf(files, newest())
        .subarray(SEGMENT_HEADER_BYTES)
        .every((byte) => byte === 0)
    while (isFresh()) await this.work(server, 4)
  }

  private copies(servers: readonly SimServer[]): Map<ServerId, Map<string, Uint8Array>> {
    return new Map(servers.map((server) => [server.id, copyFiles(server.disk.files)]))
  }
}
