// A client that writes all the time, for fail-over: a small command every 2 ms, each on its own, none waiting for
// another. What is asked of it is when the first write was acknowledged that began behind a given moment.
//
// Moments are of the monotonic clock, which on one machine is the same for all processes.

const EVERY_MS = 2

export class Writer {
  constructor(propose) {
    this.propose = propose
    this.isWaiting = null
    this.timer = setInterval(() => this.write(), EVERY_MS)
  }

  write() {
    const begunAt = process.hrtime.bigint()
    this.propose(new Uint8Array(16)).then(
      () => this.acknowledged(begunAt),
      // Lost with its leader, or refused because nobody leads: the next one is on its way.
      () => {},
    )
  }

  acknowledged(begunAt) {
    if (this.isWaiting === null || begunAt < this.isWaiting.since) return
    this.isWaiting.resolve(process.hrtime.bigint())
    this.isWaiting = null
  }

  /** When the first write is acknowledged that begins at `since` or later. */
  next(since) {
    return new Promise((resolve) => {
      this.isWaiting = { since, resolve }
    })
  }

  stop() {
    clearInterval(this.timer)
  }
}
