import { open } from 'lmdb'

const APPLIED_INDEX = 'applied index'

const encode = (value) => new TextEncoder().encode(value)

/**
 * Accounts and what is in them, in LMDB: a durable state machine. The state and the index of the entry that it has come to
 * are in one store, and one transaction changes both.
 */
export class Ledger {
  /** Commands that came since this process has begun. */
  given = 0
  #store
  #accounts
  #views = new Set()
  #accountsInAPiece

  constructor(directory, accountsInAPiece = 1000) {
    this.#accountsInAPiece = accountsInAPiece
    this.#store = open({ path: directory })
    this.#accounts = this.#store.openDB({ name: 'accounts' })
    // What a restore that was interrupted has left.
    if (this.appliedIndex === 0) this.#accounts.clearSync()
  }

  get appliedIndex() {
    return this.#store.get(APPLIED_INDEX) ?? 0
  }

  balance(account) {
    return this.#accounts.get(account) ?? 0
  }

  apply(entries) {
    this.given += entries.length
    return this.#store.transactionSync(() => {
      const answers = entries.map(({ command }) => encode(this.#carryOut(parse(command))))
      this.#store.putSync(APPLIED_INDEX, entries.at(-1).index)
      return answers
    })
  }

  /** LMDB gives a view that stays as it is for nothing: readers keep what they see, writers write elsewhere. */
  snapshot() {
    const view = this.#store.useReadTransaction()
    this.#views.add(view)
    let last = null
    const letGo = () => {
      if (this.#views.delete(view)) view.done()
    }
    const pieces = {
      next: async () => {
        const lines = this.#views.has(view) ? this.#linesBehind(last, view) : []
        if (lines.length === 0) {
          letGo()
          return { done: true, value: undefined }
        }
        last = lines.at(-1).key
        return {
          done: false,
          value: encode(lines.map(({ key, value }) => `${JSON.stringify([key, value])}\n`).join('')),
        }
      },
      // A reader that is forgotten keeps LMDB from using any page again.
      return: async () => {
        letGo()
        return { done: true, value: undefined }
      },
    }
    return { [Symbol.asyncIterator]: () => pieces }
  }

  /** Of any size, in transactions of one piece each. From the first of them to the last, index 0 says: this is no state. */
  async restore(source, index) {
    this.#store.putSync(APPLIED_INDEX, 0)
    this.#accounts.clearSync()
    const decoder = new TextDecoder()
    let rest = ''
    for await (const piece of source) {
      const lines = (rest + decoder.decode(piece, { stream: true })).split('\n')
      rest = lines.pop()
      this.#store.transactionSync(() => {
        for (const line of lines) this.#accounts.putSync(...JSON.parse(line))
      })
    }
    this.#store.putSync(APPLIED_INDEX, index)
  }

  /** When its node has stopped. */
  async close() {
    for (const view of this.#views) view.done()
    this.#views.clear()
    await this.#store.close()
  }

  /** What makes no sense is answered, too, and the same on every server. */
  #carryOut({ from, to, amount }) {
    if (!(Number.isSafeInteger(amount) && amount > 0 && isName(to))) return 'refused: no such command'
    if (from !== undefined) {
      if (!isName(from) || this.balance(from) < amount) return `refused: not enough in ${from}`
      this.#accounts.putSync(from, this.balance(from) - amount)
    }
    this.#accounts.putSync(to, this.balance(to) + amount)
    return 'done'
  }

  #linesBehind(last, view) {
    const start = last === null ? {} : { start: last, exclusiveStart: true }
    return [...this.#accounts.getRange({ ...start, limit: this.#accountsInAPiece, transaction: view })]
  }
}

function isName(account) {
  return typeof account === 'string' && /^\w{1,40}$/.test(account)
}

function parse(command) {
  try {
    return JSON.parse(new TextDecoder().decode(command)) ?? {}
  } catch {
    return {}
  }
}
