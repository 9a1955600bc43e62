// What is being measured, on standard error: a line that is written over on a terminal, plain lines elsewhere.

export class Progress {
  constructor(stream = process.stderr) {
    this.stream = stream
    this.begun = performance.now()
  }

  /** `stays`: it is news, not what is under way. */
  note(scenario, words, { stays = false } = {}) {
    const seconds = Math.round((performance.now() - this.begun) / 1000)
    const line = `${String(Math.floor(seconds / 60)).padStart(2)}:${String(seconds % 60).padStart(2, '0')}  ${scenario}: ${words}`
    if (!this.stream.isTTY) this.stream.write(`${line}\n`)
    else this.stream.write(`\r\x1b[K${line.slice(0, this.stream.columns - 1)}${stays ? '\n' : ''}`)
  }

  /** Makes room for what is printed for good. */
  clear() {
    if (this.stream.isTTY) this.stream.write('\r\x1b[K')
  }
}
