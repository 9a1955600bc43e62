// Who waits for an answer, in order. An array whose first are shifted out one by one moves the rest each time.

const FORGET_EVERY = 65_536

export class Waiting {
  constructor() {
    this.resolves = []
    this.settled = 0
  }

  push(resolve) {
    this.resolves.push(resolve)
  }

  settleFirst() {
    this.resolves[this.settled++]()
    if (this.settled < FORGET_EVERY) return
    this.resolves = this.resolves.slice(this.settled)
    this.settled = 0
  }
}
