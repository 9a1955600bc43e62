// What the panels are drawn with: a few shapes, scales with their ticks, and one set of colours.

export const WIDTH = 860
/** Where the plot begins and ends; labels stand to the left, figures to the right. */
export const LEFT = 215
export const RIGHT = WIDTH - 130

export const COLOURS = {
  ink: '#1f2933',
  quiet: '#667480',
  grid: '#e3e7eb',
  ours: '#2b6cb0',
  light: '#a9c7e6',
  other: '#b08d57',
  goal: '#c0392b',
}

export function text(x, y, words, { anchor = 'start', colour = COLOURS.ink, size = 12, weight = 400 } = {}) {
  return `<text x="${n(x)}" y="${n(y)}" text-anchor="${anchor}" fill="${colour}" font-size="${size}" font-weight="${weight}">${escaped(words)}</text>`
}

export function line(x1, y1, x2, y2, { colour = COLOURS.ink, width = 1, dash = null } = {}) {
  const dashes = dash === null ? '' : ` stroke-dasharray="${dash}"`
  return `<line x1="${n(x1)}" y1="${n(y1)}" x2="${n(x2)}" y2="${n(y2)}" stroke="${colour}" stroke-width="${width}"${dashes}/>`
}

export function rect(x, y, width, height, colour) {
  return `<rect x="${n(x)}" y="${n(y)}" width="${n(width)}" height="${n(height)}" fill="${colour}"/>`
}

export function dot(x, y, radius, colour, { hollow = false } = {}) {
  const fill = hollow ? 'white' : colour
  return `<circle cx="${n(x)}" cy="${n(y)}" r="${radius}" fill="${fill}" stroke="${colour}" stroke-width="1.5"/>`
}

export function path(points, colour) {
  const steps = points.map(([x, y], i) => `${i === 0 ? 'M' : 'L'}${n(x)} ${n(y)}`)
  return `<path d="${steps.join('')}" fill="none" stroke="${colour}" stroke-width="1.5"/>`
}

/** What the colours and dots of a panel mean: `[colour, words, hollow]` each, side by side under its title. */
export function legend(y, items) {
  let x = LEFT
  return items.flatMap(([colour, words, hollow]) => {
    const at = x
    x += 26 + words.length * 6.2
    return [dot(at + 5, y - 4, 4, colour, { hollow }), text(at + 14, y, words, { size: 11, colour: COLOURS.quiet })]
  })
}

/** From 0 to somewhat above `highest`. */
export function linear(highest, from, to) {
  const step = niceStep(highest / 5)
  const top = Math.ceil((highest * 1.02) / step) * step
  const ticks = Array.from({ length: Math.round(top / step) + 1 }, (_, i) => i * step)
  return { at: (value) => from + (value / top) * (to - from), ticks }
}

/** Whole powers of ten around all values; what is not above 0 stands at the low end. */
export function logarithmic(values, from, to) {
  const above = values.filter((value) => value > 0)
  const low = Math.floor(Math.log10(Math.min(...above)))
  const high = Math.max(Math.ceil(Math.log10(Math.max(...above))), low + 1)
  const ticks = Array.from({ length: high - low + 1 }, (_, i) => 10 ** (low + i))
  const at = (value) => from + ((Math.log10(Math.max(value, ticks[0])) - low) / (high - low)) * (to - from)
  return { at, ticks }
}

/** Upright lines of the grid, with their values below. */
export function columnsOf({ at, ticks }, top, bottom, words) {
  return ticks.flatMap((tick) => [
    line(at(tick), top, at(tick), bottom, { colour: COLOURS.grid }),
    text(at(tick), bottom + 14, words(tick), { anchor: 'middle', colour: COLOURS.quiet, size: 11 }),
  ])
}

export function goalLine(x, top, bottom, words) {
  return [
    line(x, top, x, bottom, { colour: COLOURS.goal, width: 1.5, dash: '5 3' }),
    text(x + 4, top - 4, words, { colour: COLOURS.goal, size: 11 }),
  ]
}

function niceStep(rough) {
  const power = 10 ** Math.floor(Math.log10(rough))
  return [1, 2, 5, 10].map((factor) => factor * power).find((step) => step >= rough)
}

function n(value) {
  return Math.round(value * 10) / 10
}

function escaped(words) {
  return String(words).replaceAll('&', '&amp;').replaceAll('<', '&lt;')
}
