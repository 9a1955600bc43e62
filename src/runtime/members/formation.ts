/**
 * How a new cluster begins: each of its first members waits until it has met all the others once, and writes down the
 * random name of each one's disk. Until then it neither votes nor acknowledges anything; from then on a majority is
 * enough, as ever.
 *
 * Why: a and b have acknowledged an entry when b's disk is emptied. It comes back as b, with nothing; a is down, c never
 * had the entry. Together b and c would be a majority without it. But the new b has not met a, so it waits; and when a
 * is back, a knows that this is not the disk it met. Whoever joins later is known by the configuration in the log, see
 * `incarnations` there.
 */
import type { Configuration } from '../../raft/configuration.ts'
import type { ServerId } from '../../raft/entry.ts'
import type { Introduction } from '../../transport/transport.ts'
import type { Logger } from '../logger.ts'
import type { FormationOptions } from '../node-options.ts'
import type { Gate } from './gate.ts'

export class Formation implements Gate {
  private readonly options: FormationOptions | null
  private readonly logger: Logger
  private readonly onFailure: (error: Error) => void
  private readonly met: Map<ServerId, string>
  private formed: boolean
  private readonly waiting: (() => void)[] = []
  private keeping: Promise<void> | null = null
  private stopped = false

  /**
   * @param options null for a server that need not meet anybody, because it joins
   * @param isNew it has never taken part in anything
   */
  constructor(
    self: ServerId,
    options: FormationOptions | null,
    isNew: boolean,
    logger: Logger,
    onFailure: (error: Error) => void,
  ) {
    this.options = options
    this.logger = logger
    this.onFailure = onFailure
    this.met = new Map(Object.entries(options?.known ?? {}))
    this.formed = options === null || options.known !== null || !isNew
    if (options !== null) this.met.set(self, options.incarnation)
  }

  get isFormed(): boolean {
    return this.formed
  }

  get missing(): readonly ServerId[] {
    return this.formed ? [] : (this.options?.founders ?? []).filter((id) => !this.met.has(id))
  }

  start(): void {
    if (this.formed) return
    if (this.missing.length > 0) {
      this.logger.info('a new cluster begins when its first members have all met', { missing: this.missing.join(', ') })
    }
    this.keepWhenComplete()
  }

  async stop(): Promise<void> {
    this.stopped = true
    await this.keeping
  }

  whenFormed(action: () => void): void {
    if (!this.formed) this.waiting.push(action)
  }

  admit({ id, incarnation, hasLetUsIn }: Introduction, configuration: Configuration): string | null {
    if (configuration.retired.includes(id)) return `${id} was removed from the cluster: give the new server another id`
    const known = this.met.get(id) ?? configuration.incarnations[id]
    if (known !== undefined && known !== incarnation) {
      return `${id} is known here with another disk: one that was emptied or replaced cannot come back under its old name; remove ${id} and add a server with a new id`
    }
    // Who dials us may still refuse us: an emptied server was once dialled by all who knew it, and thought it had met them.
    if (!this.formed && hasLetUsIn && known === undefined && this.options?.founders.includes(id)) {
      this.met.set(id, incarnation)
      this.keepWhenComplete()
    }
    return null
  }

  /** `admit` has seen to it. */
  isStranger(): boolean {
    return false
  }

  private keepWhenComplete(): void {
    if (this.options === null || this.missing.length > 0 || this.keeping !== null) return
    this.keeping = this.options.keep(Object.fromEntries(this.met)).then(
      () => this.begin(),
      (error: Error) => this.onFailure(error),
    )
  }

  private begin(): void {
    if (this.stopped) return
    this.formed = true
    this.logger.info('the cluster is formed', { members: [...this.met.keys()].join(', ') })
    for (const action of this.waiting.splice(0)) action()
  }
}
