// A dot for each round, stacked where they crowd, and the goal for the worst.
import { figure } from '../harness/table.js'
import { GOALS } from '../scenarios/failover.js'
import { COLOURS, columnsOf, dot, goalLine, LEFT, linear, RIGHT, text } from './svg.js'

const STRIP = 90
const TOP = 18
const RADIUS = 3.5

const WORDS = { SIGKILL: 'killed', SIGSTOP: 'stands still' }

export function failoverPanel(rows) {
  const bottom = TOP + rows.length * STRIP
  const highest = Math.max(...rows.flatMap(({ signal, worstMs }) => [worstMs, GOALS[signal].worstMs]))
  const scale = linear(highest, LEFT, RIGHT)
  const parts = columnsOf(scale, TOP, bottom, (ms) => `${ms} ms`)
  for (const [i, row] of rows.entries()) {
    const base = TOP + (i + 1) * STRIP
    const { worstMs } = GOALS[row.signal]
    parts.push(text(LEFT - 10, base - 28, WORDS[row.signal], { anchor: 'end' }))
    parts.push(text(LEFT - 10, base - 12, `${row.rounds} rounds`, { anchor: 'end', colour: COLOURS.quiet, size: 11 }))
    parts.push(...stack(row.times, base - 10, scale))
    parts.push(...goalLine(scale.at(worstMs), base - STRIP + 20, base, `worst ≤ ${worstMs} ms`))
    parts.push(text(RIGHT + 12, base - 28, `p50 ${figure(row.p50Ms, 'ms')}`))
    parts.push(text(RIGHT + 12, base - 12, `worst ${figure(row.worstMs, 'ms')}`))
  }
  return { height: bottom + 14, parts }
}

function stack(times, y, scale) {
  const heights = new Map()
  return times.map((ms) => {
    const slot = Math.round(scale.at(ms) / (2 * RADIUS))
    const height = heights.get(slot) ?? 0
    heights.set(slot, height + 1)
    // A column that is full goes on at its foot: what is hidden then is only how many.
    return dot(slot * 2 * RADIUS, y - (height % 9) * 2 * RADIUS, RADIUS, COLOURS.ours)
  })
}
