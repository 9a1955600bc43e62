/** One step while it is judged: the server as it was, the view of what it has become, and a way to refuse. */
import type { ConfigurationAt } from './log.ts'
import type { LogEntry, Message } from './message.ts'
import type { SpecOptions } from './options.ts'
import { type RuleName, SpecViolation } from './rules.ts'
import type { Server } from './server.ts'
import type { Step, View } from './step.ts'

/** What the cluster has seen before, as far as the rules ask it: `history.ts` is what stands behind it. */
export interface Past {
  /** The server has been elected in this step: judges it against all that was. */
  elect(turn: Turn): void
  /** The server has raised its commitIndex: the entries are what everybody else has committed there. */
  commit(turn: Turn): void
}

/** The step under judgement. `server` is as before the step, until each rule has moved its part of it. */
export class Turn {
  readonly step: Step
  readonly server: Server
  readonly view: View
  readonly history: Past | null
  readonly options: SpecOptions
  /** What came in; null when it was no message. */
  readonly message: Message | null
  /** The log's last index and term before the step. */
  readonly lastIndex: number
  readonly lastTerm: number
  /** The configuration in force before the step. */
  readonly configurationBefore: ConfigurationAt
  /** As follower: up to where this step may commit. */
  mayCommit: number
  /** The term was raised by a time-out in this step. */
  campaigns = false
  /** The first index that this step changed; lastIndex + 1 when it changed none. */
  changedFrom: number
  /** What was cut off in this step. */
  readonly removed: { readonly index: number; readonly term: number }[] = []

  constructor(step: Step, server: Server, history: Past | null, options: SpecOptions) {
    this.step = step
    this.server = server
    this.view = step.after
    this.history = history
    this.options = options
    this.message = step.input.type === 'receive' ? step.input.message : null
    this.lastIndex = server.log.lastIndex
    this.lastTerm = server.log.lastTerm
    this.configurationBefore = server.log.configuration
    this.mayCommit = server.commitIndex
    this.changedFrom = this.lastIndex + 1
  }

  /** Ends the judgement, unless the rule is not asked for. */
  refuse(rule: RuleName, detail: string): void {
    if (this.options.without?.has(rule)) return
    throw new SpecViolation(rule, this.server.id, detail)
  }

  /** A message must wait for the write that holds what it says; 0: that is durable. */
  checkWait(rule: RuleName, { type, to }: Message, after: number, write: number): void {
    if (after >= write) return
    const { confirmed } = this.server.disk
    this.refuse(rule, `${type} to ${to} waits for write ${after}, what it says is in ${write}; durable is ${confirmed}`)
  }

  /** The log's entries from here on are gone; until the disk has it, a crash may bring them back. */
  cut(from: number): void {
    const { log } = this.server
    for (let index = from; index <= log.lastIndex; index++) this.removed.push({ index, term: log.termAt(index) })
    if (from <= log.lastIndex) log.truncate(from)
    this.changedFrom = from
  }

  /** Whether the identities differ; one that is not known differs from none. */
  isOther(entry: LogEntry, identity: number): boolean {
    const expected = this.options.identify?.(entry) ?? 0
    return expected !== 0 && identity !== 0 && expected !== identity
  }

  /** The server was the leader of this term before the step, and still is of the same, or has stepped down in it. */
  get led(): boolean {
    return this.server.role === 'leader' && this.server.term === this.view.currentTerm
  }

  /** The message is of the term in which the server is now, and only its leader sends such a one. */
  get fromLeader(): boolean {
    const { message } = this
    if (message === null || message.term !== this.view.currentTerm) return false
    return message.type === 'AppendEntries' || message.type === 'InstallSnapshot' || message.type === 'TimeoutNow'
  }
}
