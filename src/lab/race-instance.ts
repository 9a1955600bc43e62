// One instance under the race check: whose code is running, what may be touched by whom, and what a killed instance
// still does. Whose code is running cannot be known by looking at the stack, since code goes on after an `await` from
// anywhere: the host's RaceContext knows it.

import { LabFailure } from './failure.ts'
import type { LabEnvironment } from './lab.ts'

/**
 * Knows on whose behalf code runs, across `await` too. On Node: an AsyncLocalStorage. Code that runs on nobody's behalf
 * is the tester's.
 */
export interface RaceContext {
  run<T>(owner: object, action: () => T): T
  current(): object | undefined
}

/** No call takes longer to fail than 7 s. What still sets timers after this is a loop that does not end. */
const LAST_CONTINUATION_MS = 8_000

/** One life of one server, from `make` to `kill` and beyond. */
export class Instance {
  readonly server: number
  private readonly context: RaceContext
  private readonly env: LabEnvironment
  private readonly bornMs: number
  private killedMs: number | null = null

  constructor(server: number, context: RaceContext, env: LabEnvironment) {
    this.server = server
    this.context = context
    this.env = env
    this.bornMs = env.clock.now()
  }

  now(): number {
    return this.env.clock.now()
  }

  /** Runs this instance's code. */
  enter<T>(action: () => T): T {
    return this.context.run(this, action)
  }

  /** To be called when `what`, which belongs to this instance, is used. The tester may use everything. */
  used(what: string): void {
    const user = this.context.current()
    if (user === undefined || user === this) return
    const who = user instanceof Instance ? user.name(this) : 'something else'
    this.report(
      `${who} used ${what} of ${this.name(user)}. Servers may reach each other by RPC only: ` +
        'look for variables that several instances share, such as those outside of make',
    )
  }

  /** To be called when this instance does something that can be seen from outside. */
  acts(what: string, did: string): void {
    this.used(what)
    if (this.killedMs !== null) this.report(`server ${this.server} ${did}, ${this.sinceKilled()}`)
  }

  /** To be called when this instance asks to be woken: a killed one may do so for a last time, but not for ever. */
  waits(what: string): void {
    this.used(what)
    if (this.killedMs === null || this.now() - this.killedMs < LAST_CONTINUATION_MS) return
    this.report(`server ${this.server} still sets timers, ${this.sinceKilled()}`)
  }

  kill(): void {
    this.killedMs ??= this.now()
  }

  /** Fails the test. */
  report(text: string): void {
    const failure = new LabFailure(`race: ${text} (at ${this.now().toFixed(1)} ms)`)
    this.env.go(() => Promise.reject(failure))
  }

  private sinceKilled(): string {
    const ago = (this.now() - (this.killedMs ?? 0)).toFixed(1)
    return `${ago} ms after it was killed: look at killed() after every wait`
  }

  /** Two lives of one server are told apart by when they began. */
  private name(other: object): string {
    const sameServer = other instanceof Instance && other.server === this.server
    return sameServer ? `server ${this.server} as started at ${this.bornMs.toFixed(1)} ms` : `server ${this.server}`
  }
}
