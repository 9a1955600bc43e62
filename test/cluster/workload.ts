/**
 * Clients that write and read while servers die. What they know for certain is written down as it happens, and checked:
 * an acknowledged write stays, no write is applied twice, no read goes back behind what was known when it began.
 */
import { type Cluster, IDS, type Pair, pairsIn, revisionOf } from './cluster.ts'
import { sleep } from './server-process.ts'

/** Rewritten by everybody, all the time. */
const SHARED_KEYS = ['shared/0', 'shared/1', 'shared/2']
const PAUSE_MS = 5

interface Acknowledged {
  readonly key: string
  readonly value: string
  readonly revision: number
}

export class Workload {
  readonly acknowledged: Acknowledged[] = []
  readonly violations: string[] = []
  reads = 0
  private readonly cluster: Cluster
  private readonly clients: readonly Promise<void>[]
  /** Of each shared key, the newest revision that some client knows of. */
  private readonly known = new Map<string, number>()
  private isStopping = false

  constructor(cluster: Cluster, writers: number, readers: number) {
    this.cluster = cluster
    this.clients = [
      ...Array.from({ length: writers }, (_, i) => this.write(i)),
      ...Array.from({ length: readers }, (_, i) => this.read(i)),
    ]
  }

  /** Lets the clients finish their last request. */
  async stop(): Promise<void> {
    this.isStopping = true
    await Promise.all(this.clients)
  }

  /** Waits until so many more writes were acknowledged: the cluster works. */
  async progress(writes: number): Promise<void> {
    const goal = this.acknowledged.length + writes
    const deadline = performance.now() + 15_000
    while (this.acknowledged.length < goal) {
      if (performance.now() > deadline) throw new Error(`no progress: ${this.acknowledged.length} of ${goal} writes`)
      await sleep(5)
    }
  }

  /** Compares what was acknowledged with what is there. @returns the violations, none of which there should be */
  async check(server: string): Promise<string[]> {
    const found = new Map(
      [...(await this.cluster.list(server, 'shared/')), ...(await this.cluster.list(server, 'own/'))].map((pair) => [
        pair.key,
        pair,
      ]),
    )
    const revisions = new Set(this.acknowledged.map(({ revision }) => revision))
    if (revisions.size < this.acknowledged.length)
      this.violations.push('two writes were acknowledged with one revision')
    for (const one of this.acknowledged) this.checkOne(one, found.get(one.key))
    for (const { key, version } of found.values()) {
      if (key.startsWith('own/') && version !== 1) this.violations.push(`${key} was written ${version} times`)
    }
    return this.violations
  }

  private checkOne({ key, value, revision }: Acknowledged, found: Pair | undefined): void {
    const isThere = found !== undefined && found.modRevision >= revision
    const isOverwritten = isThere && found.modRevision > revision && key.startsWith('shared/')
    if (isOverwritten || (isThere && found.modRevision === revision && found.value === value)) return
    this.violations.push(`${key}=${value} was acknowledged at ${revision}, and there is ${JSON.stringify(found)}`)
  }

  /** By turns a shared key and a key of its own that is never written again. */
  private async write(writer: number): Promise<void> {
    for (let number = 0; !this.isStopping; number++) {
      const value = `${writer}-${number}`
      const key = number % 2 === 0 ? `own/${value}` : (SHARED_KEYS[number % 3] as string)
      const reply = await this.cluster.tryPut(IDS[(writer + number) % 3] as string, key, value)
      if (reply?.status === 200) this.acknowledge({ key, value, revision: revisionOf(reply) })
      await sleep(PAUSE_MS)
    }
  }

  private acknowledge(write: Acknowledged): void {
    this.acknowledged.push(write)
    this.learn(write.key, write.revision)
  }

  private async read(reader: number): Promise<void> {
    for (let number = 0; !this.isStopping; number++) {
      const key = SHARED_KEYS[number % 3] as string
      const atLeast = this.known.get(key) ?? 0
      const server = IDS[(reader + number) % 3] as string
      const reply = await this.cluster.tryRequest(server, '/v3/kv/range', { key: btoa(key) })
      if (reply?.status === 200) this.checkRead(server, key, atLeast, pairsIn(reply.body)[0]?.modRevision ?? 0)
      await sleep(PAUSE_MS)
    }
  }

  private checkRead(server: string, key: string, atLeast: number, revision: number): void {
    this.reads++
    if (revision < atLeast) this.violations.push(`${server} read ${key} at ${revision}, ${atLeast} was known before`)
    this.learn(key, revision)
  }

  private learn(key: string, revision: number): void {
    this.known.set(key, Math.max(this.known.get(key) ?? 0, revision))
  }
}
