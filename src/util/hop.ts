/**
 * How code that waits for nothing but promises is run event by event: after each event every promise callback that it set
 * off must have run before the next one does, or time would run away from the code under test. Pure code cannot see when
 * that is so: a Hop, which the host gives, tells it.
 */

/**
 * Runs `action` after all promise callbacks have run: on Node, `setImmediate`. Several actions asked for at once must
 * run one after another, each after the promise callbacks of the one before.
 */
export type Hop = (action: () => void) => void

/** Hops asked for at a time. One by one costs 1.4 µs each on Node, 32 at a time 0.3 µs. */
const HOPS_AHEAD = 32

/** Takes turns until `goal` settles, and passes its outcome on, or what a turn throws. */
export function takeTurns<T>(hop: Hop, goal: Promise<T>, turn: () => void): Promise<T> {
  return new Promise((resolve, reject) => {
    let running = true
    const stop = (): void => {
      running = false
    }
    goal.then(resolve, reject).finally(stop)
    const turnOnce = (): void => {
      if (!running) return
      try {
        turn()
      } catch (error) {
        stop()
        reject(error as Error)
      }
    }
    const hopOn = (): void => {
      for (let ahead = 1; ahead < HOPS_AHEAD; ahead++) hop(turnOnce)
      hop(() => {
        turnOnce()
        if (running) hopOn()
      })
    }
    hopOn()
  })
}
