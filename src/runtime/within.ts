import type { Clock } from '../util/clock.ts'

/** Resolves when `work` has settled, however it did, or when its time is up. Leaves no timer behind. */
export function within(clock: Clock, limitMs: number, work: Promise<unknown>): Promise<void> {
  return new Promise((resolve) => {
    const cancel = clock.schedule(limitMs, resolve)
    const end = (): void => {
      cancel()
      resolve()
    }
    work.then(end, end)
  })
}
