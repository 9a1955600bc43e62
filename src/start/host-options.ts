/** What `startHost` is given, and what is wrong with it. */
import { resolveOptions } from '../raft/options.ts'
import { type Checks, checkEach } from '../runtime/check-options.ts'
import { HOST_DEFAULTS } from '../runtime/host/host-options.ts'
import { checkServer, SERVER_CHECKS, type ServerOptions } from './server-options.ts'

/**
 * What `startHost` needs of one host: `id`, `cluster`, `directory` and `members` are yours to say, the rest has defaults.
 * `raft` is for all groups; each may have its own on top. With `join`, every group that is started here asks to be taken
 * in by those of `members` that have it.
 */
export interface HostOptions extends ServerOptions {}

const CHECKS: Checks<HostOptions> = SERVER_CHECKS

/** @throws OptionsError for what is missing, unknown or out of range, and for options that contradict each other */
export function checkHostOptions(options: HostOptions): void {
  checkEach(options, CHECKS)
  checkServer(options)
  resolveOptions({ ...HOST_DEFAULTS, ...options.raft, id: options.id })
}
