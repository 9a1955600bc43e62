// What clients asked for, on the same time: a bar from question to answer. Full and with a bar at its end when it was
// answered, hatched and crossed when it was refused, open to the right when nobody knows.

import { type Brush, cross, fitText, hatch } from './brush.ts'
import { type Layout, OPERATION_HEIGHT } from './layout.ts'
import type { Operation } from './operations.ts'
import type { RunModel } from './run-model.ts'
import { font } from './theme.ts'
import type { TimeView } from './time-view.ts'

export function paintOperations(brush: Brush, model: RunModel, view: TimeView, layout: Layout): void {
  const { context } = brush
  context.font = font(10)
  // One pixel is filled once: where thousands of operations are on the screen, most of them would not be seen.
  const filled = new Map<number, number>()
  for (const operation of model.operations.all) {
    if (operation.begin > view.to) break
    const lane = layout.clients[operation.client]
    if (lane === undefined || operation.end < view.from) continue
    const x = Math.max(view.x(operation.begin), view.left - 4)
    const width = Math.max(2, Math.min(view.x(operation.end), brush.width + 10) - x)
    const row = operation.client * 100 + operation.row
    if (x + width < (filled.get(row) ?? Number.NEGATIVE_INFINITY) + 1) continue
    const isOverlaid = x < (filled.get(row) ?? Number.NEGATIVE_INFINITY)
    filled.set(row, x + width)
    paintOperation(brush, operation, x, lane.top + operation.row * OPERATION_HEIGHT, width, isOverlaid)
  }
}

/** On another bar of the same row, only the ends: words upon words cannot be read. */
function paintOperation(
  brush: Brush,
  operation: Operation,
  x: number,
  y: number,
  width: number,
  isOverlaid: boolean,
): void {
  const { context, theme } = brush
  const height = OPERATION_HEIGHT - 3
  const color = operation.outcome === 'ok' ? theme.ok : operation.outcome === 'fail' ? theme.danger : theme.muted
  context.fillStyle = color
  if (!isOverlaid) {
    context.globalAlpha = 0.22
    context.fillRect(x, y, width, height)
    context.globalAlpha = 1
  }
  context.fillRect(x, y, 1.5, height)
  if (operation.outcome === 'ok') context.fillRect(x + width - 1.5, y, 1.5, height)
  if (operation.outcome === 'fail') {
    context.globalAlpha = 0.5
    if (!isOverlaid) hatch(brush, [x, y, width, height], color, 6)
    context.globalAlpha = 1
    context.strokeStyle = color
    cross(context, x + width, y + height / 2, 3)
  }
  if (operation.outcome === 'unknown') {
    context.fillRect(x, y, width, 1)
    context.fillRect(x, y + height - 1, width, 1)
  }
  if (isOverlaid) return
  context.fillStyle = theme.text
  const text = operation.outcome === 'unknown' ? `${operation.text} ?` : operation.text
  fitText(context, text, x + 5, y + height / 2 + 0.5, width - 8)
}
