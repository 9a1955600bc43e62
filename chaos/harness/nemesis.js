// Carries a plan out, and starts again what has ended.
import { FAULTS } from '../faults/index.js'
import { describeEnd } from './cluster.js'
import { sleep } from './time.js'

const RESTART_AFTER_MS = 300
const LOOK_EVERY_MS = 50

export class Nemesis {
  constructor(cluster) {
    this.cluster = cluster
    this.violations = []
    /** How often each kind was begun. */
    this.counts = {}
    /** Servers that stopped themselves, by code. */
    this.stops = {}
    const all = [...cluster.everyone, ...cluster.former]
    this.judged = new Map(all.map((server) => [server, server.ends.length]))
  }

  /** @param plan of `drawPlan` */
  async run(plan, troubleMs) {
    for (const server of this.cluster.everyone) server.hasBadDisk = false
    let finish
    const ended = new Promise((resolve) => {
      finish = resolve
    })
    const begun = performance.now()
    const watching = this.watch(ended)
    const faults = []
    for (const entry of plan) {
      await sleep(begun + entry.atMs - performance.now())
      faults.push(this.begin(entry, ended))
    }
    await sleep(begun + troubleMs - performance.now())
    finish()
    await Promise.all([...faults, watching])
  }

  async begin({ kind, target, other, drawn }, ended) {
    const { cluster } = this
    this.counts[kind] = (this.counts[kind] ?? 0) + 1
    const server = (target === null ? await cluster.leader() : cluster.servers[target]) ?? cluster.servers[0]
    const another = cluster.servers[other]
    const scene = { cluster, server, other: another === server ? this.next(server) : another, ended }
    await FAULTS.get(kind).begin(scene, drawn)
  }

  next(server) {
    const { servers } = this.cluster
    return servers[(servers.indexOf(server) + 1) % servers.length]
  }

  async watch(ended) {
    let isOver = false
    void ended.then(() => {
      isOver = true
    })
    const restarts = new Set()
    while (!isOver) {
      this.judge()
      for (const server of this.cluster.everyone) {
        if (server.isRunning || server.isHeldDown || restarts.has(server)) continue
        restarts.add(server)
        void sleep(RESTART_AFTER_MS).then(() => {
          restarts.delete(server)
          const isNeeded = this.cluster.everyone.includes(server)
          if (isNeeded && !server.isRunning && !server.isHeldDown && !isOver) server.start()
        })
      }
      await sleep(LOOK_EVERY_MS)
    }
  }

  /** Looks at each end of a process once: who ends unasked must have had a reason, and have said it. */
  judge() {
    for (const server of [...this.cluster.everyone, ...this.cluster.former]) {
      const count = this.judged.get(server) ?? 0
      for (const end of server.ends.slice(count)) this.judgeEnd(server, end)
      this.judged.set(server, server.ends.length)
    }
  }

  judgeEnd(server, end) {
    const { status, signal, failure, wanted } = end
    if (signal === 'SIGKILL' && wanted === 'kill') return
    // One that does not serve yet has not asked to be told of signals.
    if (wanted === 'terminate' && (status === 0 || signal === 'SIGTERM')) return
    const hasReason = status === 1 && failure !== null && server.hasBadDisk
    // "ENOSPC" alone is the system's word, and says neither of what nor what to do.
    const isOurs = failure?.code.startsWith('ERR_QUORATE_') && failure.code !== 'ERR_QUORATE_STORAGE_DAMAGED'
    if (hasReason && isOurs) {
      this.stops[failure.code] = (this.stops[failure.code] ?? 0) + 1
      return
    }
    this.violations.push(`${server.id} ended by itself: ${describeEnd(end)}`)
  }
}
