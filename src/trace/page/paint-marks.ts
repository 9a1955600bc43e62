// What happened at one moment: crashes and starts on their lanes, faults above them, notes below the axis; and the axis
// itself.

import { type Brush, cross, fitText, plate, textWidth, triangle } from './brush.ts'
import { AXIS_HEIGHT, FAULT_MIDDLE, type Layout, NOTES_HEIGHT } from './layout.ts'
import type { Mark, RunModel } from './run-model.ts'
import { font } from './theme.ts'
import { type TimeView, ticksOf } from './time-view.ts'
import { formatTime } from './words.ts'

const PIXELS_BETWEEN_TICKS = 110

/** Times at the top, and a faint line below each. */
export function paintAxis({ context, theme, width }: Brush, view: TimeView, layout: Layout): void {
  context.fillStyle = theme.background
  context.fillRect(0, 0, width, AXIS_HEIGHT)
  const { times, decimals } = ticksOf(view, PIXELS_BETWEEN_TICKS)
  context.font = font(11)
  for (const time of times) {
    const x = Math.round(view.x(time))
    context.fillStyle = theme.line
    context.globalAlpha = 0.6
    context.fillRect(x, AXIS_HEIGHT - 5, 1, layout.height)
    context.globalAlpha = 1
    context.fillStyle = theme.muted
    const text = `${formatTime(time, decimals)} ms`
    if (x + 6 + textWidth(context, text) < width) context.fillText(text, x + 4, AXIS_HEIGHT / 2)
  }
}

export function paintMarks(brush: Brush, model: RunModel, view: TimeView, layout: Layout): void {
  const drawn = new Map<string, number>()
  const visible = model.marks.filter(({ at }) => at >= view.from && at <= view.to)
  visible.forEach((mark, i) => {
    const x = view.x(mark.at)
    const row = `${mark.kind} ${mark.server}`
    // Two marks of a kind on the same pixels are one.
    if (x < (drawn.get(row) ?? Number.NEGATIVE_INFINITY) + 3) return
    drawn.set(row, x)
    paintMark(brush, mark, x, layout, roomFor(visible, i, view))
  })
}

/** Up to the next mark that would write in the same row. */
function roomFor(marks: readonly Mark[], i: number, view: TimeView): number {
  const mark = marks[i]
  if (mark === undefined) return 0
  for (let next = i + 1; next < marks.length; next++) {
    const other = marks[next]
    if (other !== undefined && other.server === mark.server && other.kind === mark.kind) {
      return view.x(other.at) - view.x(mark.at) - 12
    }
  }
  return 400
}

function paintMark(brush: Brush, mark: Mark, x: number, layout: Layout, room: number): void {
  const { context, theme } = brush
  const lane = layout.lanes.find(({ server }) => server === mark.server)
  const y = lane === undefined ? layout.notes + NOTES_HEIGHT / 2 : lane.middle
  if (mark.server >= 0 && lane === undefined) return
  context.lineWidth = 1
  switch (mark.kind) {
    case 'crash':
    case 'stop':
      paintEnd(brush, x, y)
      break
    case 'start':
      context.fillStyle = theme.text
      triangle(context, x, y + 9, 5, true)
      break
    case 'fault': {
      context.fillStyle = theme.warning
      const top = lane === undefined ? y : lane.top + FAULT_MIDDLE
      triangle(context, x, top, 5, false)
      context.font = font(10)
      fitText(context, mark.text, x + 8, top, Math.min(room, 220))
      break
    }
    case 'note':
      context.fillStyle = theme.accent
      context.fillRect(x, y - 5, 2, 10)
      context.font = font(10)
      context.fillStyle = theme.muted
      fitText(context, mark.text, x + 5, y, room)
      break
    case 'violation':
      break
  }
}

function paintEnd({ context, theme }: Brush, x: number, y: number): void {
  context.beginPath()
  context.arc(x, y, 7, 0, 7)
  context.fillStyle = theme.background
  context.fill()
  context.strokeStyle = theme.text
  context.lineWidth = 1.6
  context.stroke()
  cross(context, x, y, 3)
  context.lineWidth = 1
}

/** A line through everything, and what it was about at its top: drawn last, above all else. */
export function paintViolations(brush: Brush, model: RunModel, view: TimeView, layout: Layout): void {
  const { context, theme } = brush
  let drawn = Number.NEGATIVE_INFINITY
  for (const mark of model.marks) {
    if (mark.kind !== 'violation' || mark.at < view.from || mark.at > view.to) continue
    const x = view.x(mark.at)
    if (x < drawn + 4) continue
    drawn = x
    context.fillStyle = theme.danger
    context.fillRect(x - 1, AXIS_HEIGHT, 2, layout.height)
    const text = `‼ ${mark.text}`
    context.font = font(11, 600)
    const width = context.measureText(text).width + 10
    const left = x + width > brush.width - 4 ? x - width : x
    plate(brush, text, left, AXIS_HEIGHT + 9, { fill: theme.danger, text: theme.background })
  }
}
