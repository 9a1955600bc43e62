// What the pointer points at: an arrow, a mark, an operation, or only a moment.

import { FAULT_MIDDLE, type Layout, NOTES_HEIGHT, OPERATION_HEIGHT } from './layout.ts'
import type { Operation } from './operations.ts'
import type { Arrow } from './paint-flights.ts'
import type { Mark, RunModel } from './run-model.ts'
import type { TimeView } from './time-view.ts'

const NEAR = 6

/** The nearest arrow within a few pixels, or null. */
export function arrowAt(arrows: readonly Arrow[], x: number, y: number): Arrow | null {
  let best: Arrow | null = null
  let least = NEAR
  for (const arrow of arrows) {
    const distance = distanceTo(arrow, x, y)
    if (distance >= least) continue
    best = arrow
    least = distance
  }
  return best
}

/** From a point to a stretch of a line. */
function distanceTo({ x1, y1, x2, y2 }: Arrow, x: number, y: number): number {
  if (x < Math.min(x1, x2) - NEAR || x > Math.max(x1, x2) + NEAR) return Number.POSITIVE_INFINITY
  const [dx, dy] = [x2 - x1, y2 - y1]
  const length = dx * dx + dy * dy
  const share = length === 0 ? 0 : Math.min(1, Math.max(0, ((x - x1) * dx + (y - y1) * dy) / length))
  return Math.hypot(x - x1 - share * dx, y - y1 - share * dy)
}

/** The nearest mark within a few pixels, or null. */
export function markAt(model: RunModel, view: TimeView, layout: Layout, x: number, y: number): Mark | null {
  let best: Mark | null = null
  let least = NEAR + 2
  for (const mark of model.marks) {
    if (mark.at < view.from || mark.at > view.to) continue
    const lane = layout.lanes.find(({ server }) => server === mark.server)
    const row = lane?.middle ?? layout.notes + NOTES_HEIGHT / 2
    const height = mark.kind === 'fault' && lane !== undefined ? lane.top + FAULT_MIDDLE : row
    const distance = Math.abs(view.x(mark.at) - x)
    const isNear = mark.kind === 'violation' ? y < layout.notes + NOTES_HEIGHT : Math.abs(height - y) < 9
    if (!isNear || distance >= least) continue
    best = mark
    least = distance
  }
  return best
}

/** The operation whose bar it is, or null. */
export function operationAt(model: RunModel, view: TimeView, layout: Layout, x: number, y: number): Operation | null {
  const lane = layout.clients.find(({ top, rows }) => y >= top && y < top + rows * OPERATION_HEIGHT)
  if (lane === undefined) return null
  const row = Math.floor((y - lane.top) / OPERATION_HEIGHT)
  const time = view.time(x)
  const slack = view.msPerPixel * 2
  const { all } = model.operations
  return (
    all.find(
      ({ client, row: its, begin, end }) =>
        client === lane.client && its === row && begin - slack <= time && end + slack >= time,
    ) ?? null
  )
}
