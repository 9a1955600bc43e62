/** Who asks for changes of members, transfers and snapshots, and what of it is still going on. */
export class Operator {
  private waiting = 0

  /** Something asked for has not been answered yet: it may still come about. */
  get isWaiting(): boolean {
    return this.waiting > 0
  }

  /** Whatever becomes of it is all right: that no harm comes of it is what the run is about. */
  ask(wanted: Promise<unknown>): void {
    const answered = (): void => {
      this.waiting--
    }
    this.waiting++
    wanted.then(answered, answered)
  }
}
