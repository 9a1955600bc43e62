// One phase: trouble, healing, and the questions that must have the right answers then.
import { checkLinearizability, describeOperation, keyValue, operationsOf } from '../../dist/check/index.js'
import { Clients } from './clients.js'
import { ELECTION_TIMEOUT_MS } from './cluster.js'
import { ask } from './http.js'
import { Nemesis } from './nemesis.js'
import { drawPlan } from './plan.js'
import { sleep, until } from './time.js'

/** How long a healed cluster may take until it has a leader and has taken a write, its processes running. */
const RECOVERY_MS = 10 * ELECTION_TIMEOUT_MS
const AGREEMENT_MS = 15_000
const CALM_MS = 500
const CHECK_LIMIT_MS = 60_000

/** What can go wrong with the machinery rather than with what it tests ends the run; everything else is a violation. */
export class Phase {
  /** @param number from 1 @param random of this phase alone @param kinds of faults that may happen */
  constructor({ cluster, number, random, kinds, clients, troubleMs }) {
    Object.assign(this, { cluster, number, troubleMs })
    this.prefix = `p${number}/`
    this.plan = drawPlan(random.split(), { kinds, servers: cluster.servers.length, troubleMs })
    this.nemesis = new Nemesis(cluster)
    this.clientsRandom = random.split()
    this.clientCount = clients
    this.violations = []
    this.recoveryMs = null
    this.report = null
  }

  async run() {
    const { cluster, prefix } = this
    const { servers, caller } = cluster
    this.clients = new Clients({ servers, caller, random: this.clientsRandom, count: this.clientCount, prefix })
    await this.nemesis.run(this.plan, this.troubleMs)
    const isServing = await this.recover()
    await sleep(CALM_MS)
    await this.clients.stop()
    this.nemesis.judge()
    if (isServing) await this.agree()
    this.checkHistory()
    this.violations.push(...this.nemesis.violations, ...this.clients.violations)
  }

  /** Heals, and waits for a write. @returns whether it came */
  async recover() {
    const { cluster } = this
    const healed = performance.now()
    const problem = await cluster.heal()
    if (problem !== null) {
      this.violations.push(problem)
      return false
    }
    const running = performance.now()
    const isWritten = await until(() => this.writeAnywhere(), 2 * RECOVERY_MS)
    this.recoveryMs = Math.round(performance.now() - healed)
    const tookMs = Math.round(performance.now() - running)
    if (isWritten === null) this.violations.push(`no write within ${2 * RECOVERY_MS} ms of healing`)
    else if (tookMs > RECOVERY_MS)
      this.violations.push(`the first write came ${tookMs} ms after all servers ran; ${RECOVERY_MS} ms are allowed`)
    return isWritten !== null && (await this.allVote())
  }

  async writeAnywhere() {
    const { cluster, prefix } = this
    const attempts = cluster.servers.map(async ({ clients }) => {
      const { status } = await cluster.caller.call(clients, ...ask.put(`${prefix}recovered`, 'yes'), 1000)
      if (status !== 200) throw new Error(String(status))
    })
    return Promise.any(attempts).then(
      () => true,
      () => false,
    )
  }

  /** A change that trouble has broken off is made whole. */
  async allVote() {
    const { cluster } = this
    const isDone = await until(async () => {
      if (cluster.replacement !== null && !(await cluster.replacement.advance())) return false
      const leader = await cluster.leader()
      const status = leader === null ? null : await cluster.statusOf(leader)
      const voters = status?.configuration?.voters ?? []
      const missing = cluster.servers.filter(({ id }) => !voters.includes(id))
      for (const { id } of missing) await leader?.ask({ change: { type: 'promote', id } })
      return voters.length > 0 && missing.length === 0
    }, AGREEMENT_MS)
    if (isDone === null) this.violations.push(`not all servers vote ${AGREEMENT_MS} ms after healing`)
    return isDone !== null
  }

  /** All servers come to hold the same, and every acknowledged write is in it. */
  async agree() {
    const { cluster, prefix } = this
    let apart = 'nobody answers'
    const content = await until(async () => {
      // Anew each time: a write that nobody waits for any more may still come.
      const reference = await cluster.list(cluster.servers[0], '', false)
      if (reference === null) return null
      const expected = JSON.stringify(reference)
      for (const server of cluster.servers) {
        if (JSON.stringify(await cluster.list(server, '', true)) === expected) continue
        apart = `${server.id} does not hold what a linearizable read shows`
        return null
      }
      return reference.pairs
    }, AGREEMENT_MS)
    if (content === null) {
      this.violations.push(`${AGREEMENT_MS} ms after healing ${apart}`)
      return
    }
    this.content = content
    this.clients.checkOnce(content.filter(({ key }) => key.startsWith(prefix)))
    for (const server of cluster.servers) await this.clients.readAll(server)
  }

  checkHistory() {
    const started = performance.now()
    const limits = { now: () => performance.now(), timeLimitMs: CHECK_LIMIT_MS }
    this.report = checkLinearizability(operationsOf(this.clients.events), keyValue, limits)
    this.checkMs = performance.now() - started
    if (this.report.verdict === 'linearizable') return
    const bad = this.report.parts.find(({ verdict }) => verdict === this.report.verdict)
    const where = bad.break === null ? '' : `: ${describeOperation(bad.break.operation ?? bad.operations[0])}`
    this.violations.push(
      this.report.verdict === 'not'
        ? `the history of key ${bad.key} is not linearizable${where}`
        : `the history of key ${bad.key} could not be decided within ${CHECK_LIMIT_MS / 1000} s`,
    )
  }
}
