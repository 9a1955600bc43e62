// The whole run in one strip: how much happened when, who led in which term, what went wrong; and which part of it the
// window shows.

import { type Brush, triangle } from './brush.ts'
import { countBetween } from './history.ts'
import type { RunModel } from './run-model.ts'
import { termColor } from './theme.ts'
import type { TimeView } from './time-view.ts'

export const OVERVIEW_HEIGHT = 46
const TERMS_TOP = 36
const TERMS_HEIGHT = 6
const DENSITY_TOP = 10
const COLUMN = 2

/** All but the window: it changes only with the width and the theme. */
export function paintOverview(brush: Brush, model: RunModel, view: TimeView): void {
  const { context, theme, width } = brush
  context.fillStyle = theme.lane
  context.fillRect(0, 0, width, OVERVIEW_HEIGHT)
  const pixels = (view.end - view.start) / width
  const x = (time: number): number => (time - view.start) / pixels
  paintCounts(brush, model, view.start, pixels)
  const { elections } = model.histories
  elections.forEach(({ at, term }, i) => {
    context.fillStyle = termColor(theme, term)
    const end = elections[i + 1]?.at ?? model.end
    context.fillRect(x(at), TERMS_TOP, Math.max(1, x(end) - x(at)), TERMS_HEIGHT)
    context.fillRect(x(at), TERMS_TOP - 3, 1, TERMS_HEIGHT + 3)
  })
  for (const { at, kind } of model.marks) {
    if (kind === 'fault' || kind === 'crash' || kind === 'stop') {
      context.fillStyle = kind === 'fault' ? theme.warning : theme.text
      triangle(context, x(at), 5, 3.5, false)
    }
  }
  for (const { at, kind } of model.marks) {
    if (kind !== 'violation') continue
    context.fillStyle = theme.danger
    context.fillRect(x(at) - 1, 0, 2.5, OVERVIEW_HEIGHT)
  }
}

function paintCounts({ context, theme, width }: Brush, model: RunModel, start: number, pixels: number): void {
  const { at } = model.trace.events
  const counts: number[] = []
  for (let left = 0; left < width; left += COLUMN) {
    counts.push(countBetween(at, start + left * pixels, start + (left + COLUMN) * pixels))
  }
  const most = Math.max(1, ...counts)
  context.fillStyle = theme.faint
  context.globalAlpha = 0.75
  counts.forEach((count, i) => {
    if (count === 0) return
    const height = Math.max(1, Math.sqrt(count / most) * (TERMS_TOP - DENSITY_TOP - 4))
    context.fillRect(i * COLUMN, TERMS_TOP - 4 - height, COLUMN, height)
  })
  context.globalAlpha = 1
}

/** The part that the window shows, and where the chosen moment is. */
export function paintWindow({ context, theme, width }: Brush, view: TimeView, chosen: number | null): void {
  const pixels = (view.end - view.start) / width
  const x = (time: number): number => (time - view.start) / pixels
  const [left, right] = [x(view.from), Math.max(x(view.to), x(view.from) + 3)]
  context.fillStyle = theme.background
  context.globalAlpha = 0.62
  context.fillRect(0, 0, left, OVERVIEW_HEIGHT)
  context.fillRect(right, 0, width - right, OVERVIEW_HEIGHT)
  context.globalAlpha = 1
  context.strokeStyle = theme.accent
  context.lineWidth = 1.5
  context.strokeRect(left + 0.75, 0.75, Math.max(1.5, right - left - 1.5), OVERVIEW_HEIGHT - 1.5)
  context.lineWidth = 1
  if (chosen === null) return
  context.fillStyle = theme.accent
  context.fillRect(x(chosen) - 0.5, 0, 1.5, OVERVIEW_HEIGHT)
}
