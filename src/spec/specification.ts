/**
 * A second, small specification of Raft, written from the dissertation alone and sharing no code with the core: given
 * what an observer reports, it says of each step whether it is one of Raft's.
 *
 * It keeps a state of its own for each server, which follows from the inputs and from what it has allowed, and the
 * history of the cluster. A step may be any sequence of the dissertation's actions, or none: who is slow, silent or
 * forgetful of messages breaks no rule. What the dissertation leaves open and we do is marked PERMITTED at its line.
 */
import { checkClaims, hearReply, noteWrite } from './acknowledge.ts'
import { checkCommit } from './commit.ts'
import { checkElection } from './election.ts'
import { History } from './history.ts'
import { checkConfiguration } from './membership.ts'
import type { InstallSnapshot, ServerId } from './message.ts'
import type { SpecOptions } from './options.ts'
import { checkReadAnswer, noteReads } from './read.ts'
import { checkLog } from './replication.ts'
import { checkBeginning, checkRestart } from './restart.ts'
import { checkSaid } from './said.ts'
import { Server } from './server.ts'
import type { DiskInView, Step, View } from './step.ts'
import { Turn } from './turn.ts'

/** Judges the steps of one cluster, in the order in which they happen. */
export class Specification {
  readonly #options: SpecOptions
  readonly #servers = new Map<ServerId, Server>()
  readonly #history: History | null
  #steps = 0

  /** Without a history, each server is judged by itself alone: for who explores, and goes back in time. */
  constructor(options: SpecOptions = {}, history: 'history' | 'none' = 'history') {
    this.#options = options
    const remember = options.remember ?? Number.POSITIVE_INFINITY
    this.#history = history === 'none' ? null : new History(remember, options.identify)
  }

  /** How many steps were judged. */
  get steps(): number {
    return this.#steps
  }

  /** Takes a server as it is, in the middle of its life: what it says of its past is believed, and what its disk has. */
  adopt(id: ServerId, view: View, disk: DiskInView | null = null): void {
    const server = new Server(id)
    this.#servers.set(id, server)
    server.adopt(view, disk)
  }

  /** Somebody has given the server another disk: it begins anew, as one that was never seen. */
  forget(id: ServerId): void {
    this.#servers.delete(id)
  }

  /**
   * A leader offers a snapshot that it has by now, and which may be newer than the one that it decided to send. To be told
   * by whoever sees it leave.
   */
  offer(message: InstallSnapshot): void {
    this.#history?.offer(message)
  }

  /**
   * The next step.
   *
   * @throws SpecViolation when it is no sequence of the dissertation's actions. The state is then not to be used.
   */
  step(step: Step): void {
    this.#steps++
    if (step.input.type === 'boot') this.#boot(step)
    else this.#act(step)
    if (this.#steps % 4096 === 0) this.#history?.forgetCommitted(this.#servers.values())
  }

  #act(step: Step): void {
    const server = this.#servers.get(step.server)
    if (server === undefined) throw new Error(`${step.server} makes a step; report its boot, or adopt it, first`)
    this.#judge(new Turn(step, server, this.#history, this.#options))
  }

  /** A server that was never seen is taken as its disk says it is. */
  #boot(step: Step): void {
    const known = this.#servers.get(step.server)
    const server = known ?? new Server(step.server)
    if (known === undefined) server.boot(step.after)
    this.#servers.set(step.server, server)
    const history = this.#history
    const turn = new Turn(step, server, history, this.#options)
    checkBeginning(turn)
    if (known !== undefined) checkRestart(turn)
    history?.crash(server)
    server.boot(step.after)
    checkConfiguration(turn)
    for (const said of step.said) {
      checkSaid(turn, said)
      history?.say(turn, said)
    }
  }

  /** In the order in which the dissertation's actions follow each other within a step. */
  #judge(turn: Turn): void {
    const { server, step, view, message } = turn
    const history = this.#history
    if (step.input.type === 'durable') {
      server.disk.confirm(step.input.write)
      history?.release(turn)
    }
    if (message !== null) history?.receive(turn, message)
    checkElection(turn)
    checkLog(turn)
    hearReply(turn)
    checkCommit(turn)
    checkConfiguration(turn)
    noteWrite(turn)
    checkClaims(turn)
    noteReads(turn)
    for (const said of step.said) {
      checkSaid(turn, said)
      history?.say(turn, said)
    }
    for (const answer of step.reads) checkReadAnswer(turn, answer)
    server.follow(view)
  }
}
