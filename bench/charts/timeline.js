// The 99th percentile of each quarter of a second, over the whole scenario, with what was going on.
import { figure, size as sizeText } from '../harness/table.js'
import { P99_GOAL } from '../scenarios/catchup.js'
import { COLOURS, LEFT, line, linear, logarithmic, path, RIGHT, rect, text, WIDTH } from './svg.js'

const TOP = 34
const BOTTOM = 234

const WORDS = { quiet: 'nothing', entries: 'missed entries', taking: 'snapshot taken', transfer: 'snapshot sent' }

export function timelinePanel(rows) {
  const points = rows.flatMap((row) => row.points ?? []).filter(({ p99Ms }) => p99Ms !== null)
  const goal = rows[0].p99Ms * P99_GOAL
  const x = linear(Math.max(...rows.map(({ toSeconds }) => toSeconds)), LEFT - 120, WIDTH - 20)
  const y = logarithmic([...points.map(({ p99Ms }) => p99Ms), goal], BOTTOM, TOP)
  const parts = rows.flatMap((row) => phase(row, x))
  for (const tick of y.ticks) {
    parts.push(line(x.at(0), y.at(tick), WIDTH - 20, y.at(tick), { colour: COLOURS.grid }))
    parts.push(text(x.at(0) - 8, y.at(tick) + 4, `${tick} ms`, { anchor: 'end', colour: COLOURS.quiet, size: 11 }))
  }
  for (const tick of x.ticks)
    parts.push(
      text(x.at(tick), BOTTOM + 16, `${figure(tick)} s`, { anchor: 'middle', colour: COLOURS.quiet, size: 11 }),
    )
  parts.push(line(x.at(0), y.at(goal), WIDTH - 20, y.at(goal), { colour: COLOURS.goal, width: 1.5, dash: '5 3' }))
  parts.push(text(RIGHT + 40, y.at(goal) - 5, `${P99_GOAL} × quiet`, { colour: COLOURS.goal, size: 11 }))
  const curve = points.map(({ atSeconds, p99Ms }) => [x.at(atSeconds), y.at(p99Ms)])
  parts.push(path(curve, COLOURS.ours))
  return { height: BOTTOM + 20, parts }
}

function phase({ name, bytes, megabytesPerSecond, fromSeconds, toSeconds }, x) {
  const [from, to] = [x.at(fromSeconds), x.at(toSeconds)]
  const colour = name === 'quiet' ? '#f4f5f7' : '#eef4fb'
  const parts = [rect(from, TOP - 30, to - from, BOTTOM - TOP + 30, colour)]
  parts.push(text(from + 5, TOP - 17, WORDS[name], { size: 11, weight: 600 }))
  if (bytes !== undefined) {
    const words = `${sizeText(bytes)}, ${figure(megabytesPerSecond)} MB/s`
    parts.push(text(from + 5, TOP - 4, words, { size: 10, colour: COLOURS.quiet }))
  }
  return parts
}
