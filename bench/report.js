// Tables for the terminal, and one chart of bars: a share of the ceiling each, with its goal as a line.

export function table(columns, rows) {
  const lines = [columns.map(([title]) => title), ...rows.map((row) => columns.map(([, value]) => String(value(row))))]
  const widths = columns.map((_, i) => Math.max(...lines.map((line) => line[i].length)))
  return lines.map((line) => line.map((cell, i) => cell.padStart(widths[i])).join('  ')).join('\n')
}

const ROW_HEIGHT = 34
const WIDTH = 760
const LEFT = 20
const FULL = 500

/** @param bars each `{ label, value, goal }`, where 1 is the whole width */
export function chart(bars) {
  const height = bars.length * ROW_HEIGHT + 30
  const rows = bars.map(({ label, value, goal }, i) => {
    const y = 15 + i * ROW_HEIGHT
    const width = Math.min(value, 1.3) * FULL
    const line =
      goal === null
        ? ''
        : `<line x1="${LEFT + goal * FULL}" x2="${LEFT + goal * FULL}" y1="${y + 12}" y2="${y + 30}" stroke="#c33" stroke-width="2"/>`
    return [
      `<text x="${LEFT}" y="${y + 9}">${label}</text>`,
      `<rect x="${LEFT}" y="${y + 14}" width="${width.toFixed(1)}" height="14" fill="#4a7"/>`,
      `<text x="${(LEFT + width + 8).toFixed(1)}" y="${y + 26}">${Math.round(value * 100)} %</text>`,
      line,
    ].join('\n')
  })
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" font-family="sans-serif" font-size="11">
<rect width="100%" height="100%" fill="white"/>
${rows.join('\n')}
</svg>
`
}
