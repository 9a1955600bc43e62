/** Which situations, and which two of them in one run, a campaign has come into: what makes a plan worth keeping. */
import { SITUATIONS, type Situation } from './watch/situation-names.ts'

const NUMBER: ReadonlyMap<Situation, number> = new Map(SITUATIONS.map((situation, number) => [situation, number]))

export class Coverage {
  /** In how many runs each came about. */
  readonly runs: Map<Situation, number> = new Map()
  private readonly seen = new Set<number>()

  /** Pairs of situations, and single ones, that some run came into. */
  get size(): number {
    return this.seen.size
  }

  /** Situations that no run came into. */
  get missing(): Situation[] {
    return SITUATIONS.filter((situation) => !this.runs.has(situation))
  }

  /** @returns true when there is something among them that no run had before */
  add(situations: Iterable<Situation>): boolean {
    const before = this.seen.size
    const numbers = [...situations].map((situation) => NUMBER.get(situation) as number).sort((one, two) => one - two)
    for (const [i, first] of numbers.entries()) {
      const situation = SITUATIONS[first] as Situation
      this.runs.set(situation, (this.runs.get(situation) ?? 0) + 1)
      for (const second of numbers.slice(i)) this.seen.add(first * SITUATIONS.length + second)
    }
    return this.seen.size > before
  }
}
