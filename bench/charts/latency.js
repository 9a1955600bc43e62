// From the median to the worst in a thousand, for each cell of the cross, beside the median of the ceiling.
import { figure } from '../harness/table.js'
import { cellName } from './cell-name.js'
import { COLOURS, columnsOf, dot, LEFT, legend, line, logarithmic, RIGHT, text } from './svg.js'

const ROW = 24
const TOP = 18

export function latencyPanel(rows) {
  const bottom = TOP + rows.length * ROW
  const all = rows.flatMap(({ p50Ms, p999Ms, ceiling }) => [p50Ms, p999Ms, ceiling.p50Ms])
  const scale = logarithmic(all, LEFT, RIGHT)
  const parts = legend(2, [
    [COLOURS.ours, 'p50, p99, p999'],
    [COLOURS.quiet, 'p50 of the ceiling', true],
  ])
  parts.push(...columnsOf(scale, TOP, bottom, (ms) => `${ms} ms`))
  for (const [i, row] of rows.entries()) parts.push(...dotsOf(row, TOP + i * ROW + ROW / 2, scale))
  return { height: bottom + 14, parts }
}

function dotsOf(row, y, { at }) {
  const { p50Ms, p99Ms, p999Ms, ceiling } = row
  return [
    text(LEFT - 10, y + 4, cellName(row), { anchor: 'end' }),
    line(at(p50Ms), y, at(p999Ms), y, { colour: COLOURS.light, width: 3 }),
    dot(at(ceiling.p50Ms), y, 4, COLOURS.quiet, { hollow: true }),
    ...[p50Ms, p99Ms, p999Ms].map((ms) => dot(at(ms), y, 4, COLOURS.ours)),
    text(RIGHT + 12, y + 4, `p99 ${figure(p99Ms, 'ms')}`),
  ]
}
