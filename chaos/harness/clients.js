// Clients that write and read while the servers suffer, and what they saw, as a history (docs/formats/history.md).
import { ask, pairsIn, previousIn, revisionIn } from './http.js'
import { sleep } from './time.js'

const TIMEOUT_MS = 3000
const PAUSE_MS = 25
/** Read and written by everybody. */
const SHARED_KEYS = 6

export class Clients {
  /**
   * @param servers whom to ask: `{ id, clients }` each
   * @param prefix what this phase's keys begin with
   */
  constructor({ servers, caller, random, count, prefix }) {
    Object.assign(this, { servers, caller, prefix })
    /** Events, in real-time order. */
    this.events = []
    /** Acknowledged writes of keys that are written once: key to value and revision. */
    this.once = new Map()
    /** Of keys that are written once, those whose outcome nobody knows. */
    this.perhaps = new Map()
    /** The same of shared keys, `key value` each; a delete's value is ''. */
    this.perhapsShared = new Set()
    this.violations = []
    this.counts = { ok: 0, fail: 0, info: 0 }
    /** The highest revision that somebody was told of. */
    this.revision = 0
    this.isStopping = false
    this.clients = Array.from({ length: count }, (_, i) => this.run(i, random.split()))
  }

  async stop() {
    this.isStopping = true
    await Promise.all(this.clients)
  }

  async run(client, random) {
    for (let number = 0; !this.isStopping; number++) {
      await this.one(client, random, number)
      await sleep(random.below(2 * PAUSE_MS))
    }
  }

  one(client, random, number) {
    const key = `${this.prefix}k${random.below(SHARED_KEYS)}`
    const value = `${client}-${number}`
    const server = random.pick(this.servers)
    const chance = random.fraction()
    if (chance < 0.4) return this.read(client, server, key)
    if (chance < 0.7) return this.write({ client, server, f: 'put', key, value })
    if (chance < 0.8) return this.write({ client, server, f: 'delete', key, value: undefined })
    return this.writeOnce(server, `${this.prefix}once-${value}`, value)
  }

  async read(client, server, key) {
    const known = this.revision
    const open = this.invoke(client, 'get', key, null)
    const { status, body } = await this.caller.call(server.clients, ...ask.get(key), TIMEOUT_MS)
    // A read that brought nothing has changed nothing, whatever became of it.
    if (status !== 200) return this.complete(open, 'fail')
    this.complete(open, 'ok', pairsIn(body)[0]?.value ?? '')
    const revision = revisionIn(body)
    if (revision < known)
      this.violations.push(
        `${server.id} read ${key} at revision ${revision}, when ${known} was known before it was asked`,
      )
    this.learn(revision)
  }

  /**
   * A put or a delete says what it replaced. So an answer makes it a `cas` from that to the new value, which is all that
   * it says; without an answer it is what was asked for.
   */
  async write({ client, server, f, key, value }) {
    const known = this.revision
    const open = this.invoke(client, f, key, value)
    const question = f === 'put' ? ask.put(key, value) : ask.delete(key)
    const { status, body } = await this.caller.call(server.clients, ...question, TIMEOUT_MS)
    if (status !== 200) {
      if (body.applied !== 'no') this.perhapsShared.add(`${key} ${value ?? ''}`)
      return this.complete(open, body.applied === 'no' ? 'fail' : 'info')
    }
    Object.assign(open, { f: 'cas', value: [previousIn(body), value ?? ''] })
    this.complete(open, 'ok', open.value)
    // A delete of nothing leaves the revision as it is.
    this.learnWrite(server, key, revisionIn(body), f === 'put' ? known : known - 1)
  }

  async writeOnce(server, key, value) {
    const known = this.revision
    const { status, body } = await this.caller.call(server.clients, ...ask.put(key, value), TIMEOUT_MS)
    this.count(status === 200 ? 'ok' : body.applied === 'no' ? 'fail' : 'info')
    if (status !== 200) {
      if (body.applied !== 'no') this.perhaps.set(key, value)
      return
    }
    if (previousIn(body) !== '') this.violations.push(`${key}, which is written once, was there before it was written`)
    this.once.set(key, { value, revision: revisionIn(body) })
    this.learnWrite(server, key, revisionIn(body), known)
  }

  /** A write comes behind everything that was known when it was asked for. */
  learnWrite(server, key, revision, known) {
    if (revision <= known)
      this.violations.push(`${server.id} wrote ${key} at revision ${revision}, when ${known} was known before`)
    this.learn(revision)
  }

  learn(revision) {
    this.revision = Math.max(this.revision, revision)
  }

  invoke(client, f, key, value) {
    const event = { process: client, type: 'invoke', f, key, value }
    this.events.push(event)
    return event
  }

  complete(open, type, value) {
    this.count(type)
    this.events.push({ process: open.process, type, f: open.f, key: open.key, value })
  }

  count(type) {
    this.counts[type]++
  }

  /** What the keys that are written once must be, compared with what is there. */
  checkOnce(pairs) {
    const found = new Map(pairs.map((pair) => [pair.key, pair]))
    for (const [key, { value, revision }] of this.once) {
      const pair = found.get(key)
      if (pair === undefined || pair.value !== value || pair.modRevision !== revision || pair.version !== 1) {
        const there = pair === undefined ? 'nothing' : JSON.stringify(pair)
        this.violations.push(`${key}=${value} was acknowledged at revision ${revision}, and there is ${there}`)
      }
    }
    for (const { key, value, version } of pairs) {
      if (!key.startsWith(`${this.prefix}once-`) || this.once.has(key)) continue
      if (this.perhaps.get(key) !== value || version !== 1)
        this.violations.push(
          `there is ${key}=${value}, version ${version}, which nobody asked for, or which certainly failed`,
        )
    }
  }

  /**
   * Whether a key can have become this since: by a write whose outcome nobody knew. A request that lies in a cut network
   * is sent again by TCP long after its client has given up.
   */
  mayHaveBecome(key, value) {
    return this.perhaps.get(key) === value || this.perhapsShared.has(`${key} ${value}`)
  }

  /** Reads every shared key once more, so that the history ends with what is there. */
  async readAll(server) {
    for (let i = 0; i < SHARED_KEYS; i++) await this.read('last', server, `${this.prefix}k${i}`)
  }
}
