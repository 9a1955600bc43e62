// A bar for each cell of the cross: its median share of the ceiling, the lowest and the highest turn as a whisker.
import { figure, percent } from '../harness/table.js'
import { SHARE_GOAL } from '../scenarios/replication.js'
import { cellName } from './cell-name.js'
import { COLOURS, columnsOf, goalLine, LEFT, line, linear, RIGHT, rect, text } from './svg.js'

const ROW = 24
const TOP = 18

export function sharePanel(rows) {
  const bottom = TOP + rows.length * ROW
  const scale = linear(Math.max(1, ...rows.map(({ share }) => share.high)), LEFT, RIGHT)
  const parts = columnsOf(scale, TOP, bottom, percent)
  for (const [i, row] of rows.entries()) parts.push(...barOf(row, TOP + i * ROW, scale))
  parts.push(...goalLine(scale.at(SHARE_GOAL), TOP, bottom, `goal ${percent(SHARE_GOAL)}`))
  return { height: bottom + 14, parts }
}

function barOf(row, y, scale) {
  const { median, low, high } = row.share
  const middle = y + ROW / 2
  return [
    text(LEFT - 10, middle + 4, cellName(row), { anchor: 'end' }),
    rect(LEFT, y + 5, scale.at(median) - LEFT, ROW - 10, COLOURS.ours),
    line(scale.at(low), middle, scale.at(high), middle, { width: 2 }),
    text(RIGHT + 12, middle + 4, `${percent(median)}, ${figure(row.opsPerSecond)}/s`),
  ]
}
