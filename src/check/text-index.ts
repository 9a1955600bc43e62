// Texts in their order, so that all that begin with the same one stand side by side.

import { NONE } from './automaton.ts'

/** Distinct texts, by their place in the order; what is no text is left out. */
export class TextIndex {
  private readonly texts: readonly string[]
  private readonly places = new Map<unknown, number>()

  constructor(values: readonly unknown[]) {
    this.texts = [...new Set(values.filter((value) => typeof value === 'string'))].sort((a, b) => (a < b ? -1 : 1))
    for (const [place, text] of this.texts.entries()) this.places.set(text, place)
  }

  get size(): number {
    return this.texts.length
  }

  /** NONE when it is not there. */
  placeOf(value: unknown): number {
    return this.places.get(value) ?? NONE
  }

  /** Places from the first up to but not including the second. */
  beginningWith(value: unknown): readonly [start: number, end: number] {
    if (typeof value !== 'string') return [0, 0]
    const start = this.firstThat((text) => text >= value)
    return [start, this.firstThat((text) => text >= value && !text.startsWith(value))]
  }

  /** Whether any begins with it. */
  hasBeginning(value: unknown): boolean {
    if (typeof value !== 'string') return false
    return this.texts[this.firstThat((text) => text >= value)]?.startsWith(value) === true
  }

  /** For each of `endings`, the places of the texts that end with it. */
  byEnding(endings: readonly unknown[]): ReadonlyMap<unknown, readonly number[]> {
    const places = new Map<unknown, number[]>()
    for (const ending of endings) if (typeof ending === 'string') places.set(ending, [])
    // Texts are long and endings short: a look for each length rather than for each ending.
    const lengths = new Set([...places.keys()].map((ending) => (ending as string).length))
    for (const [place, text] of this.texts.entries()) {
      for (const length of lengths) if (length <= text.length) places.get(text.slice(text.length - length))?.push(place)
    }
    return places
  }

  /** By halving; `isBehind` is false up to some place and true from there on. */
  private firstThat(isBehind: (text: string) => boolean): number {
    let [low, high] = [0, this.texts.length]
    while (low < high) {
      const middle = (low + high) >>> 1
      if (isBehind(this.texts[middle] as string)) high = middle
      else low = middle + 1
    }
    return low
  }
}
