/** Ends what `schedule` started; calling it late or twice does nothing. */
export type Cancel = () => void

/**
 * Time, as everything below `io/` sees it: the system's timers in production, a virtual clock in the lab and the
 * simulator, where an hour passes in seconds and the same seed gives the same hour.
 */
export interface Clock {
  /** Milliseconds since an arbitrary start; never goes back. May carry a fraction. */
  now(): number
  /** Runs `action` once, `delayMs` from now or a little later, never at once. */
  schedule(delayMs: number, action: () => void): Cancel
  /**
   * Runs `action` once, after the input that has already arrived was handed over: on Node, after the poll phase. What
   * gathers in between becomes one batch: one write, one sync, one message a peer.
   */
  soon(action: () => void): void
}
