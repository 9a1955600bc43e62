// Phase after phase on one cluster, and the figures of all of them.
import { cpSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Random } from '../../dist/util/random.js'
import { ask } from './http.js'
import { Phase } from './phase.js'
import { until } from './time.js'

/** The content of so many phases is kept, and looked at after each: what was acknowledged long ago must not vanish. */
const KEPT_PHASES = 3

export class Campaign {
  constructor({ cluster, options, kinds, folder, say }) {
    Object.assign(this, { cluster, options, kinds, folder, say })
    this.phases = []
    this.contents = new Map()
    this.figures = { faults: {}, stops: {}, operations: { ok: 0, fail: 0, info: 0 }, recoveriesMs: [] }
  }

  async run() {
    const { options } = this
    const deadline = performance.now() + options.minutes * 60_000
    let number = options.phase ?? 1
    do {
      const phase = await this.runPhase(number++)
      this.note(phase)
      if (phase.violations.length > 0) await this.fail(phase)
      // What follows a failure on the same servers would be its echo.
      if (phase.violations.length > 0) break
    } while (options.phase === null && performance.now() < deadline)
  }

  async runPhase(number) {
    const { cluster, options, kinds } = this
    // Each phase by itself can be had again, without those before it.
    const random = new Random(options.seed * 1_000_003 + number)
    const troubleMs = Math.round(random.between(...options.troubleMs))
    const phase = new Phase({ cluster, number, random, kinds, clients: options.clients, troubleMs })
    await phase.run()
    if (phase.content !== undefined) await this.compareContents(phase)
    return phase
  }

  /** What earlier phases left must be there still. */
  async compareContents(phase) {
    for (const { clients, pairs } of this.contents.values()) {
      const now = valuesOf(phase.content, clients.prefix)
      for (const key of new Set([...pairs.keys(), ...now.keys()])) {
        const [before, after] = [pairs.get(key) ?? '', now.get(key) ?? '']
        if (before !== after && !clients.mayHaveBecome(key, after))
          phase.violations.push(
            `${key} was ${before || 'not there'} when its phase ended, and is ${after || 'gone'} now`,
          )
      }
    }
    const { clients } = phase
    this.contents.set(phase.prefix, { clients, pairs: valuesOf(phase.content, phase.prefix) })
    if (this.contents.size <= KEPT_PHASES) return
    const [oldest] = this.contents.keys()
    this.contents.delete(oldest)
    const { caller, servers } = this.cluster
    const [path, fields] = ask.deleteAll(oldest)
    const isGone = await until(
      async () => (await caller.call(servers[0].clients, path, fields, 3000)).status === 200,
      10_000,
    )
    if (isGone === null) phase.violations.push(`${oldest} could not be deleted within 10 s, and nothing was wrong`)
  }

  note(phase) {
    const { figures } = this
    this.phases.push(phase)
    for (const [kind, count] of Object.entries(phase.nemesis.counts)) add(figures.faults, kind, count)
    for (const [code, count] of Object.entries(phase.nemesis.stops)) add(figures.stops, code, count)
    for (const [type, count] of Object.entries(phase.clients.counts)) figures.operations[type] += count
    if (phase.recoveryMs !== null) figures.recoveriesMs.push(phase.recoveryMs)
    const { ok, fail, info } = phase.clients.counts
    const faults = Object.values(phase.nemesis.counts).reduce((sum, count) => sum + count, 0)
    const verdict = phase.violations.length === 0 ? 'ok  ' : 'FAIL'
    const operations = `${ok} operations, ${fail} refused, ${info} unknown`
    this.say(
      `${verdict} phase ${String(phase.number).padEnd(3)} ${Math.round(phase.troubleMs / 1000)} s, ${faults} faults, ${operations}, recovered in ${phase.recoveryMs} ms`,
    )
  }

  async fail(phase) {
    for (const violation of phase.violations.slice(0, 20)) this.say(`     ${violation}`)
    const history = phase.clients.events.map((event) => JSON.stringify(event)).join('\n')
    writeFileSync(join(this.folder, 'history.jsonl'), `${history}\n`)
    writeFileSync(join(this.folder, 'plan.json'), JSON.stringify(phase.plan, null, 1))
    // Small file systems of their own are gone with the run, and seen by nobody outside of it.
    for (const { id, disk } of this.cluster.everyone) cpSync(disk, join(this.folder, `${id}.disk`), { recursive: true })
    writeFileSync(join(this.folder, 'violations.txt'), `${phase.violations.join('\n')}\n`)
  }

  /** All there is to say, as one object. */
  summary() {
    const servers = [...this.cluster.everyone, ...this.cluster.former]
    const { recoveriesMs, ...figures } = this.figures
    const failed = this.phases.filter(({ violations }) => violations.length > 0)
    const sorted = recoveriesMs.sort((one, other) => one - other)
    return {
      phases: { passed: this.phases.length - failed.length, failed: failed.length },
      ...figures,
      historiesChecked: this.phases.reduce((sum, { report }) => sum + (report?.parts.length ?? 0), 0),
      operationsChecked: this.phases.reduce((sum, { report }) => sum + (report?.operations ?? 0), 0),
      elections: new Set(servers.flatMap(({ leaders }) => leaders.map(({ term }) => term))).size,
      processes: servers.reduce((sum, { ends }) => sum + ends.length, servers.length),
      recoveryMs: { p50: sorted[Math.floor(sorted.length / 2)] ?? null, max: sorted.at(-1) ?? null },
      violations: failed.flatMap(({ number, violations }) => violations.map((text) => `phase ${number}: ${text}`)),
    }
  }
}

function valuesOf(content, prefix) {
  return new Map(content.filter(({ key }) => key.startsWith(prefix)).map(({ key, value }) => [key, value]))
}

function add(counts, name, count) {
  counts[name] = (counts[name] ?? 0) + count
}
