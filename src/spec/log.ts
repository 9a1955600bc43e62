/**
 * A server's log as the specification holds it: for each index the term and the identity of the entry, and beside it
 * the configurations by index. The front is let go of when the server does so.
 */
import type { Configuration } from './message.ts'

/** A configuration and where it stands. */
export interface ConfigurationAt {
  readonly index: number
  readonly configuration: Configuration
}

/** Terms and identities behind a base. */
export class Log {
  #base = 0
  #baseTerm = 0
  /** How many of the elements at the front lie before the base: they are cut off when they are half. */
  #gone = 0
  #terms: number[] = []
  #identities: number[] = []
  /** Ascending; the first is the snapshot's or an older one. */
  configurations: ConfigurationAt[] = []

  get base(): number {
    return this.#base
  }

  get lastIndex(): number {
    return this.#base + this.#terms.length - this.#gone
  }

  get lastTerm(): number {
    return this.termAt(this.lastIndex)
  }

  /** For base … lastIndex. */
  termAt(index: number): number {
    return index === this.#base ? this.#baseTerm : (this.#terms[this.#gone + index - this.#base - 1] ?? -1)
  }

  /** For base + 1 … lastIndex; 0 when it is not known. */
  identityAt(index: number): number {
    return index <= this.#base ? 0 : (this.#identities[this.#gone + index - this.#base - 1] ?? 0)
  }

  /** Whether the entry is in the log, or before its base: what lies there is committed. */
  has(index: number, term: number): boolean {
    return index < this.#base || (index <= this.lastIndex && this.termAt(index) === term)
  }

  append(term: number, identity: number, configuration: Configuration | null): void {
    this.#terms.push(term)
    this.#identities.push(identity)
    if (configuration !== null) this.configurations.push({ index: this.lastIndex, configuration })
  }

  /** Drops all entries from here on, and with them their configurations: what was in force before is so again. */
  truncate(from: number): void {
    const length = this.#gone + from - this.#base - 1
    this.#terms.length = length
    this.#identities.length = length
    while (this.configuration.index >= from && this.configurations.length > 1) this.configurations.pop()
  }

  /** The log begins behind this entry, which it has. */
  compact(base: number): void {
    this.#baseTerm = this.termAt(base)
    this.#gone += base - this.#base
    this.#base = base
    if (this.#gone < 32 || 2 * this.#gone < this.#terms.length) return
    this.#terms = this.#terms.slice(this.#gone)
    this.#identities = this.#identities.slice(this.#gone)
    this.#gone = 0
  }

  /** Nothing is left of the log but what the snapshot stands for. */
  reset(base: number, baseTerm: number, configuration: ConfigurationAt): void {
    this.#base = base
    this.#baseTerm = baseTerm
    this.#gone = 0
    this.#terms = []
    this.#identities = []
    this.configurations = [configuration]
  }

  /** The one in force: the newest, committed or not (Thesis §4.1). */
  get configuration(): ConfigurationAt {
    return this.configurations[this.configurations.length - 1] as ConfigurationAt
  }

  /** The one that held when this index was the last. */
  configurationAsOf(index: number): ConfigurationAt {
    for (let i = this.configurations.length - 1; i > 0; i--) {
      const one = this.configurations[i] as ConfigurationAt
      if (one.index <= index) return one
    }
    return this.configurations[0] as ConfigurationAt
  }

  /** Lets go of configurations that were replaced before this index: nobody asks for them any more. */
  forgetConfigurations(before: number): void {
    while ((this.configurations[1]?.index ?? before + 1) <= before) this.configurations.shift()
  }
}
