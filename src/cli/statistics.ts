// Mean and deviation of a few numbers.

/** Where numbers lie, and how far from there. */
export interface Spread {
  readonly mean: number
  /** The standard deviation of the sample; 0 for a single number. */
  readonly deviation: number
}

/** Both 0 for no numbers at all. */
export function spreadOf(numbers: readonly number[]): Spread {
  if (numbers.length === 0) return { mean: 0, deviation: 0 }
  const mean = numbers.reduce((sum, number) => sum + number, 0) / numbers.length
  const squares = numbers.reduce((sum, number) => sum + (number - mean) ** 2, 0)
  return { mean, deviation: numbers.length === 1 ? 0 : Math.sqrt(squares / (numbers.length - 1)) }
}
