// The 99th percentile of each quarter of a second, over the whole scenario, with what was going on.
import { figure, size as sizeText } from '../harness/table.js'
import { P99_GOAL } from '../scenarios/catchup.js'
import { COLOURS, line, linear, logarithmic, path, RIGHT, rect, text, WIDTH } from './svg.js'

const TOP = 78
const BOTTOM = 278
// Some phases are narrower than their words: each has a line of its own.
const WORDS_TOP = 12
const WORDS_HEIGHT = 16

const WORDS = { quiet: 'nothing', entries: 'missed entries', taking: 'snapshot taken', transfer: 'snapshot sent' }

export function timelinePanel(rows) {
  const points = rows.flatMap((row) => row.points ?? []).filter(({ p99Ms }) => p99Ms !== null)
  const goal = rows[0].p99Ms * P99_GOAL
  const x = linear(Math.max(...rows.map(({ toSeconds }) => toSeconds)), 80, WIDTH - 20)
  const y = logarithmic([...points.map(({ p99Ms }) => p99Ms), goal], BOTTOM, TOP)
  const parts = rows.flatMap((row, line) => phase(row, line, x))
  for (const tick of y.ticks) {
    parts.push(line(x.at(0), y.at(tick), WIDTH - 20, y.at(tick), { colour: COLOURS.grid }))
    parts.push(text(x.at(0) - 8, y.at(tick) + 4, `${tick} ms`, { anchor: 'end', colour: COLOURS.quiet, size: 11 }))
  }
  for (const tick of x.ticks)
    parts.push(text(x.at(tick), BOTTOM + 16, `${tick} s`, { anchor: 'middle', colour: COLOURS.quiet, size: 11 }))
  parts.push(line(x.at(0), y.at(goal), WIDTH - 20, y.at(goal), { colour: COLOURS.goal, width: 1.5, dash: '5 3' }))
  parts.push(text(RIGHT + 40, y.at(goal) - 5, `${P99_GOAL} × quiet`, { colour: COLOURS.goal, size: 11 }))
  const curve = points.map(({ atSeconds, p99Ms }) => [x.at(atSeconds), y.at(p99Ms)])
  parts.push(path(curve, COLOURS.ours))
  return { height: BOTTOM + 20, parts }
}

function phase({ name, bytes, megabytesPerSecond, fromSeconds, toSeconds }, line, x) {
  const [from, to] = [x.at(fromSeconds), x.at(toSeconds)]
  const colour = name === 'quiet' ? '#eff1f3' : '#e3eefa'
  const brought = bytes === undefined ? '' : `: ${sizeText(bytes)}, ${figure(megabytesPerSecond)} MB/s`
  const y = WORDS_TOP + line * WORDS_HEIGHT
  return [
    rect(from, y - 11, to - from, BOTTOM - y + 11, colour),
    text(from + 4, y + 1, WORDS[name] + brought, { size: 11 }),
  ]
}
