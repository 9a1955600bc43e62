import type { Configuration } from '../../raft/configuration.ts'
import type { ServerId } from '../../raft/entry.ts'
import type { Introduction } from '../../transport/transport.ts'

/** Whether a server may take part already, and whom it believes. */
export interface Gate {
  /** False while this server may not take part. */
  readonly isFormed: boolean
  /** First members that have not been met. */
  readonly missing: readonly ServerId[]
  /** Called once the transport runs. */
  start(): void
  /** Returns when nothing is written any more. */
  stop(): Promise<void>
  /** Calls `action` once it is formed; never when it is so already. */
  whenFormed(action: () => void): void
  /**
   * A server introduces itself.
   *
   * @returns null, or why it is not who it says
   */
  admit(peer: Introduction, configuration: Configuration): string | null
  /** True of a server that was let in, and is not the one that the configuration means by this name. */
  isStranger(peer: ServerId, configuration: Configuration): boolean
}
