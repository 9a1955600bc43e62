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
import type { BootState } from '../../raft/ready.ts'
import type { Introduction } from '../../transport/transport.ts'
import type { Logger } from '../logger.ts'
import type { FormationOptions } from '../node-options.ts'

export class Formation {
  private readonly options: FormationOptions | null
  private readonly logger: Logger
  private readonly onFormed: () => void
  private readonly onFailure: (error: Error) => void
  private readonly met: Map<ServerId, string>
  private formed: boolean
  private keeping: Promise<void> | null = null
  private stopped = false

  /** @param options null for a server that need not meet anybody, because it joins */
  constructor(
    self: ServerId,
    options: FormationOptions | null,
    boot: BootState,
    logger: Logger,
    handlers: { readonly onFormed: () => void; readonly onFailure: (error: Error) => void },
  ) {
    this.options = options
    this.logger = logger
    this.onFormed = handlers.onFormed
    this.onFailure = handlers.onFailure
    this.met = new Map(Object.entries(options?.known ?? {}))
    this.formed = options === null || options.known !== null || !isNew(boot)
    if (options !== null) this.met.set(self, options.incarnation)
  }

  /** False while this server may not take part. */
  get isFormed(): boolean {
    return this.formed
  }

  /** First members that have not been met. */
  get missing(): readonly ServerId[] {
    return this.formed ? [] : (this.options?.founders ?? []).filter((id) => !this.met.has(id))
  }

  /** Called once the transport runs. */
  start(): void {
    if (this.formed) return
    if (this.missing.length > 0) {
      this.logger.info('a new cluster begins when its first members have all met', { missing: this.missing.join(', ') })
    }
    this.keepWhenComplete()
  }

  /** Returns when nothing is written any more. */
  async stop(): Promise<void> {
    this.stopped = true
    await this.keeping
  }

  /**
   * A server introduces itself.
   *
   * @returns null, or why it is not who it says
   */
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
    this.onFormed()
  }
}

/** True for a server that has never taken part in anything. */
function isNew({ hardState, lastIndex, snapshot }: BootState): boolean {
  return hardState.term === 0 && lastIndex === 0 && snapshot.index === 0
}
