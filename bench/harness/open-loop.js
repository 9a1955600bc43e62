// An open loop: commands come at a steady rate, whether or not the earlier ones are answered. Each counts from when it
// should have begun, so a stall of 300 ms is seen by all that came during it, not by one (coordinated omission).
//
// They come in bunches, one a tick of 2 ms, as a network card hands them over; a tick that is late has its commands
// counted from when it was due.
import { Latencies, round } from './latencies.js'

const TICK_MS = 2
const POINT_MS = 250

export class OpenLoop {
  /**
   * @param {(command: Uint8Array) => Promise<unknown>} request
   * @param {{ perSecond: number, size: number }} load
   */
  constructor(request, { perSecond, size }) {
    this.request = request
    this.perTick = (perSecond * TICK_MS) / 1000
    this.command = new Uint8Array(size).fill(120)
    this.phase = new Latencies()
    this.point = new Latencies()
    this.points = []
    this.failed = 0
    this.begun = performance.now()
    this.phaseBegun = this.begun
    this.ticks = 0
    this.sent = 0
    this.timer = setInterval(() => this.catchUp(), TICK_MS)
  }

  /** All ticks that are due by now. */
  catchUp() {
    const now = performance.now()
    for (let due = this.dueAt(this.ticks + 1); due <= now; due = this.dueAt(this.ticks + 1)) {
      this.ticks++
      while (this.sent < this.ticks * this.perTick) this.send(due)
    }
    if (now - this.begun >= (this.points.length + 1) * POINT_MS) this.closePoint(now)
  }

  dueAt(tick) {
    return this.begun + tick * TICK_MS
  }

  send(due) {
    this.sent++
    this.request(this.command).then(
      () => {
        const ms = performance.now() - due
        this.phase.add(ms)
        this.point.add(ms)
      },
      () => this.failed++,
    )
  }

  closePoint(now) {
    const { p99Ms, worstMs } = this.point.summary()
    this.points.push({ atSeconds: round((now - this.begun) / 1000), commits: this.point.count, p99Ms, worstMs })
    this.point.clear()
  }

  /** What was measured since the last cut, or since the beginning; a new phase begins. */
  cut() {
    const now = performance.now()
    const elapsedMs = now - this.phaseBegun
    const result = {
      fromSeconds: round((this.phaseBegun - this.begun) / 1000),
      toSeconds: round((now - this.begun) / 1000),
      opsPerSecond: round((this.phase.count / elapsedMs) * 1000),
      failed: this.failed,
      ...this.phase.summary(),
    }
    this.phase.clear()
    this.failed = 0
    this.phaseBegun = now
    return result
  }

  /** @returns a point each 250 ms: `{ atSeconds, commits, p99Ms, worstMs }` */
  stop() {
    clearInterval(this.timer)
    return this.points
  }
}
