// Numbers and tables as the report writes them.
const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
export const YEAR_MS = 365.25 * DAY_MS

export function count(number) {
  return Math.round(number).toLocaleString('en-US')
}

/** In the largest unit that leaves at least two of it. */
export function duration(ms) {
  const units = [
    ['years', YEAR_MS],
    ['days', DAY_MS],
    ['hours', HOUR_MS],
    ['minutes', 60_000],
  ]
  const [name, size] = units.find(([, length]) => ms >= 2 * length) ?? ['seconds', 1000]
  return `${(ms / size).toFixed(ms / size < 20 ? 1 : 0)} ${name}`
}

/** Of a goal: 0.4 %, or "reached". */
export function shareOf(reached, goal) {
  if (reached >= goal) return 'reached'
  const percent = (100 * reached) / goal
  return `${percent >= 10 ? Math.floor(percent) : Number(percent.toPrecision(2))} %`
}

/** Lines of a table; columns whose head ends with ':' are numbers. */
export function table(heads, rows) {
  const line = (cells) => `| ${cells.map((cell) => String(cell).replaceAll('|', '\\|')).join(' | ')} |`
  const rule = heads.map((head) => (head.endsWith(':') ? '---:' : '---'))
  return [line(heads.map((head) => head.replace(/:$/, ''))), line(rule), ...rows.map(line)]
}

/** `{ a: 1, b: 3 }` as [['b', 3], ['a', 1]]. */
export function byCount(counts) {
  return Object.entries(counts).sort(
    ([one, times], [other, otherTimes]) => otherTimes - times || (one < other ? -1 : 1),
  )
}

export function sumOf(counts) {
  return Object.values(counts).reduce((sum, times) => sum + times, 0)
}

/** Adds the numbers of objects of the same shape, at any depth; whatever is no number is left out. */
export function added(objects) {
  const sum = {}
  for (const object of objects) {
    for (const [name, value] of Object.entries(object)) {
      if (typeof value === 'number') sum[name] = (sum[name] ?? 0) + value
      else if (value !== null && typeof value === 'object' && !Array.isArray(value))
        sum[name] = added([sum[name] ?? {}, value])
    }
  }
  return sum
}

/** Which commits the results are of: seven digits each. */
export function commitsOf(results) {
  const short = results.map(({ commit }) =>
    commit === null ? 'unknown' : commit.slice(0, 7) + (commit.endsWith('+') ? '+' : ''),
  )
  return [...new Set(short)]
}

/** When, on what, for how long: the line below a section's title. */
export function provenance(results) {
  const dates = results.map(({ date }) => date.slice(0, 10)).sort()
  const when = dates[0] === dates.at(-1) ? dates[0] : `${dates[0]} to ${dates.at(-1)}`
  const runs = results.length === 1 ? 'One run' : `${results.length} runs`
  const time = duration(results.reduce((sum, { durationMs }) => sum + durationMs, 0))
  return `${runs} of ${time} together, ${when}, commit ${commitsOf(results).join(', ')}, Node ${[...new Set(results.map(({ node }) => node))].join(', ')}.`
}
