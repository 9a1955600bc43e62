// Latencies as they come, and what is said of them in the end.

/** Grows as it must, and makes no objects: a million a second would be the collector's business, and be measured too. */
export class Latencies {
  count = 0
  values = new Float64Array(1 << 14)

  add(ms) {
    if (this.count === this.values.length) {
      const larger = new Float64Array(2 * this.count)
      larger.set(this.values)
      this.values = larger
    }
    this.values[this.count++] = ms
  }

  clear() {
    this.count = 0
  }

  /** p50, p99, p999 and the worst, in ms; null for none at all. */
  summary() {
    const sorted = this.values.slice(0, this.count).sort()
    return {
      p50Ms: quantile(sorted, 0.5),
      p99Ms: quantile(sorted, 0.99),
      p999Ms: quantile(sorted, 0.999),
      worstMs: quantile(sorted, 1),
    }
  }
}

/** @param sorted in ascending order */
export function quantile(sorted, share) {
  if (sorted.length === 0) return null
  return round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))])
}

/** The middle of a few figures, with the lowest and the highest. */
export function spreadOf(figures) {
  const sorted = [...figures].sort((a, b) => a - b)
  const middle = sorted.length / 2
  const median = (sorted[Math.ceil(middle) - 1] + sorted[Math.floor(middle)]) / 2
  return { median: round(median), low: round(sorted[0]), high: round(sorted[sorted.length - 1]) }
}

/** Several turns as one: the median of each figure; null where a turn has none. */
export function medianOf(turns) {
  const median = (figures) => (figures.includes(null) ? null : spreadOf(figures).median)
  const names = Object.keys(turns[0])
  return Object.fromEntries(names.map((name) => [name, median(turns.map((turn) => turn[name]))]))
}

export function round(value) {
  return Math.round(value * 1000) / 1000
}
