/**
 * A client that lives in a server's process and holds a session (Paper §8, Thesis §6.3). When the process dies with a
 * command under way, the client's successor takes the session up on another server and sends that very command again:
 * it must be applied once, and its answer be the one that was given.
 */
import { NodeError } from '../../runtime/errors.ts'
import type { RaftNode } from '../../runtime/raft-node.ts'
import type { Session } from '../../runtime/sessions/session.ts'
import type { Random } from '../../util/random.ts'
import type { SimServer } from '../sim-server.ts'
import type { Bench } from './bench.ts'
import { isRefusal, type Pending, type Result } from './history.ts'

const DEFAULT_TTL_MS = 5000
const DIED = Symbol('the server died, or nobody waits any more')

/** A command whose fate is to be found out. */
interface Unsettled {
  readonly pending: Pending
  readonly serial: number
}

export class SessionClient {
  private readonly bench: Bench
  private readonly number: number
  private readonly random: Random
  private who: number
  private serial = 0
  private session: { readonly id: number; nextSerial: number } | null = null
  private unsettled: Unsettled | null = null

  constructor(bench: Bench, number: number, random: Random) {
    this.bench = bench
    this.number = number
    this.random = random
    this.who = bench.history.newName()
  }

  /** Until the bench closes; what is not known by then never will be. */
  async work(): Promise<void> {
    const { bench, random } = this
    while (bench.isOpen) {
      await bench.sleep(1 + random.fraction() * bench.settings.thinkMs)
      const server = random.pick(bench.cluster.servers)
      const { node } = server
      if (node !== null && bench.isOpen) await this.settleOn(server, node)
    }
    if (this.unsettled !== null) this.bench.history.complete(this.number, this.unsettled.pending, { outcome: 'info' })
  }

  /** As long as the server lives, or the session. */
  private async settleOn(server: SimServer, node: RaftNode): Promise<void> {
    const { bench, random } = this
    const session = await this.untilDeath(server, this.takeUp(node))
    if (session === DIED || session === null) return
    if (this.unsettled !== null && !(await this.finish(server, node, session, this.unsettled.pending))) return
    while (bench.isOpen && !session.hasEnded) {
      if ((await this.untilDeath(server, bench.sleep(random.fraction() * bench.settings.thinkMs))) === DIED) return
      if (!bench.isOpen) break
      const operation = bench.workload.next(random, this.number, ++this.serial)
      const pending = bench.history.invoke(this.number, this.who, operation)
      if (!(await this.finish(server, node, session, pending))) return
    }
    if (session.hasEnded) this.session = null
  }

  /** @returns null when it did not come about; the next try may be on another server */
  private async takeUp(node: RaftNode): Promise<Session | null> {
    const { patienceMs: timeoutMs, sessionTtlMs: ttlMs = DEFAULT_TTL_MS } = this.bench.settings
    try {
      const { session, unsettled } = this
      if (session !== null)
        return await node.resumeSession(session.id, unsettled?.serial ?? session.nextSerial, { timeoutMs })
      return await node.openSession({ ttlMs, timeoutMs })
    } catch (error) {
      if (!(error instanceof NodeError)) throw error
      if (error.code === 'ERR_QUORATE_SESSION_EXPIRED') this.loseSession()
      return null
    }
  }

  /** @returns false when the server died, and the operation may have to be settled elsewhere */
  private async finish(server: SimServer, node: RaftNode, session: Session, pending: Pending): Promise<boolean> {
    const { operation } = pending
    const serial = session.nextSerial
    if (operation.command !== null) this.unsettled = { pending, serial }
    this.session = { id: session.id, nextSerial: serial }
    const result = await this.untilDeath(server, this.bench.perform(server, node, session, operation))
    if (result === DIED) {
      if (operation.command === null) this.complete(pending, { outcome: 'fail' })
      return false
    }
    this.session.nextSerial = session.nextSerial
    this.complete(pending, result)
    return true
  }

  private complete(pending: Pending, result: Result): void {
    const { command } = pending.operation
    // A server that has died may have refused it as well: what counts is what its successor made of the same command.
    if (isRefusal(result) && command !== null) this.bench.ledger.refuse(command)
    this.unsettled = null
    this.bench.history.complete(this.number, pending, result)
    if (result.outcome === 'info') this.who = this.bench.history.newName()
  }

  private loseSession(): void {
    this.session = null
    if (this.unsettled !== null) this.complete(this.unsettled.pending, { outcome: 'info' })
  }

  /** A promise of a process that has died is never heard of again. */
  private untilDeath<T>(server: SimServer, promise: Promise<T>): Promise<T | typeof DIED> {
    if (server.node === null) return Promise.resolve(DIED)
    return new Promise((resolve, reject) => {
      const { waiting } = this.bench
      const mourn = (): void => resolve(DIED)
      server.onDeath.add(mourn)
      waiting.add(mourn)
      promise.then(resolve, reject).finally(() => {
        server.onDeath.delete(mourn)
        waiting.delete(mourn)
      })
    })
  }
}
