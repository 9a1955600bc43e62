/** What the cluster keeps the same on every server. Commands and answers are bytes; here they are numbers as text. */
export class Counter {
  value = 0

  apply(entries) {
    return entries.map(({ command }) => {
      this.value += Number(new TextDecoder().decode(command))
      return new TextEncoder().encode(String(this.value))
    })
  }

  /** Must hold the value of this moment: `apply` goes on while the pieces are written. */
  snapshot() {
    const { value } = this
    return (async function* () {
      yield new TextEncoder().encode(String(value))
    })()
  }

  async restore(source) {
    let text = ''
    for await (const piece of source) text += new TextDecoder().decode(piece)
    this.value = Number(text)
  }
}
