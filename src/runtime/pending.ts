/**
 * What a caller waits for, a proposal or a read: settled once, at the latest when its time is up. There is no timer for
 * each; a sweep finds those whose time has come.
 */

/** The part of a web AbortSignal that is needed; every AbortSignal will do. */
export interface AbortSignalLike {
  readonly aborted: boolean
  addEventListener(type: 'abort', listener: () => void): void
  removeEventListener(type: 'abort', listener: () => void): void
}

export interface Pending {
  /** On the node's clock, in milliseconds. */
  readonly expiresAt: number
  settled: boolean
  /** Lets go of the caller's signal; null when there is none. */
  unhook: (() => void) | null
}

/** Marks it as settled. @returns false when it was already: whoever comes second has nothing to say */
export function settleOnce(pending: Pending): boolean {
  if (pending.settled) return false
  pending.settled = true
  pending.unhook?.()
  pending.unhook = null
  return true
}

/** Calls `onAbort` when the signal fires, until the request is settled: a signal may outlive a million requests. */
export function watchSignal(pending: Pending, signal: AbortSignalLike | undefined, onAbort: () => void): void {
  if (signal === undefined) return
  signal.addEventListener('abort', onAbort)
  pending.unhook = () => signal.removeEventListener('abort', onAbort)
}
