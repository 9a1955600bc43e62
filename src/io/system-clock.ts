import type { Cancel, Clock } from '../util/clock.ts'

/** The longest delay that a timer of Node's holds; a longer one would fire at once. */
const MAX_DELAY_MS = 2 ** 31 - 1

/** The system's monotonic clock and timers. It stands still while a virtual machine is suspended. */
export function systemClock(): Clock {
  return {
    now: () => performance.now(),
    schedule,
    // Runs after the poll phase: what lies in the sockets by now has been handed over.
    soon: (action) => void setImmediate(action),
  }
}

function schedule(delayMs: number, action: () => void): Cancel {
  const timer = setTimeout(action, Math.min(Math.max(delayMs, 0), MAX_DELAY_MS))
  return () => clearTimeout(timer)
}
