// Messages: arrows from lane to lane, sloped by what the way took. When there are more of them than anybody can tell
// apart, how many there were is drawn instead.

import type { Flight, FlightIndex } from '../flights.ts'
import { type Brush, cross } from './brush.ts'
import { countBetween } from './history.ts'
import type { Lane, Layout } from './layout.ts'
import { LOG_HEIGHT, LOG_TOP } from './paint-lanes.ts'
import type { RunModel } from './run-model.ts'
import { type Family, familyOf, isReply, type Theme } from './theme.ts'
import type { TimeView } from './time-view.ts'

/** More arrows at once are drawn as a density. */
const MAX_ARROWS = 900
const END_GAP = 10
const HEAD = 5
/** How far a lost message comes, as a share of its way. */
const LOST_AT = 0.5
const COLUMN = 3

/** One arrow as it is drawn, in pixels. */
export interface Arrow {
  readonly flight: Flight
  readonly x1: number
  readonly y1: number
  readonly x2: number
  readonly y2: number
}

/** What is drawn one by one. When it is not all, there is a density, too. */
export interface Arrows {
  readonly arrows: readonly Arrow[]
  readonly areAll: boolean
}

export type Shown = (flight: Flight) => boolean

/** The arrows of a window; of all messages or, when these are too many, of the rare ones, or of none. */
export function arrowsOf(model: RunModel, view: TimeView, layout: Layout, shown: Shown): Arrows {
  const all = arrowsAmong(model.flights, view, layout, shown)
  if (all !== null) return { arrows: all, areAll: true }
  return { arrows: arrowsAmong(model.rareFlights, view, layout, shown) ?? [], areAll: false }
}

/** Null when there are too many. */
function arrowsAmong(flights: FlightIndex, view: TimeView, layout: Layout, shown: Shown): Arrow[] | null {
  const lanes = new Map(layout.lanes.map((lane) => [lane.server, lane]))
  const arrows: Arrow[] = []
  flights.between(view.from, view.to, (flight) => {
    const [from, to] = [lanes.get(flight.from), lanes.get(flight.to)]
    if (from !== undefined && to !== undefined && from !== to && shown(flight)) {
      arrows.push(arrowOf(flight, view, from, to))
    }
    return arrows.length <= MAX_ARROWS
  })
  return arrows.length > MAX_ARROWS ? null : arrows
}

/** One that was lost ends on half its way. */
export function arrowOf(flight: Flight, view: TimeView, from: Lane, to: Lane): Arrow {
  const down = to.middle > from.middle ? 1 : -1
  const [y1, y2] = [from.middle + down * END_GAP, to.middle - down * END_GAP]
  const [x1, x2] = [view.x(flight.sentAt), view.x(flight.endAt)]
  if (flight.fate !== 'lost') return { flight, x1, y1, x2, y2 }
  return { flight, x1, y1, x2: Math.max(x1 + (x2 - x1) * LOST_AT, x1 + 7), y2: y1 + (y2 - y1) * LOST_AT }
}

/** Arrows of one look are drawn with one stroke: changing the look is what costs. */
export function paintArrows(brush: Brush, arrows: readonly Arrow[]): void {
  const looks = new Map<string, Arrow[]>()
  for (const arrow of arrows) {
    const key = lookOf(arrow.flight)
    const same = looks.get(key)
    if (same === undefined) looks.set(key, [arrow])
    else same.push(arrow)
  }
  for (const same of looks.values()) paintAlike(brush, same)
  brush.context.globalAlpha = 1
  brush.context.setLineDash([])
}

function lookOf({ type, fate, isCopy, isLate }: Flight): string {
  return `${familyOf(type)} ${isReply(type)} ${fate} ${isCopy} ${isLate}`
}

function paintAlike({ context, theme }: Brush, arrows: readonly Arrow[]): void {
  const [first] = arrows
  if (first === undefined) return
  const { type, fate, isCopy, isLate } = first.flight
  const family = familyOf(type)
  const color = fate === 'lost' ? theme.danger : isLate ? theme.warning : theme.messages[family]
  context.globalAlpha = isReply(type) ? 0.5 : 0.9
  context.strokeStyle = color
  context.fillStyle = color
  context.lineWidth = widthOf(family, isReply(type))
  context.setLineDash(isCopy ? [6, 2, 1, 2] : fate === 'lost' ? [4, 3] : isLate ? [1.5, 3] : [])
  context.beginPath()
  for (const { x1, y1, x2, y2 } of arrows) {
    context.moveTo(x1, y1)
    context.lineTo(x2, y2)
  }
  context.stroke()
  context.setLineDash([])
  if (fate === 'arrived') heads(context, arrows, !isReply(type))
  if (fate !== 'lost') return
  context.lineWidth = 1.6
  for (const { x2, y2 } of arrows) cross(context, x2, y2, 3.5)
}

function widthOf(family: Family, reply: boolean): number {
  if (family === 'snapshot') return 2.4
  return reply ? 1 : family === 'vote' ? 1.5 : 1.2
}

function heads(context: CanvasRenderingContext2D, arrows: readonly Arrow[], filled: boolean): void {
  context.beginPath()
  for (const { x1, y1, x2, y2 } of arrows) {
    const length = Math.hypot(x2 - x1, y2 - y1) || 1
    const [dx, dy] = [((x2 - x1) / length) * HEAD, ((y2 - y1) / length) * HEAD]
    context.moveTo(x2 - dx - dy * 0.55, y2 - dy + dx * 0.55)
    context.lineTo(x2, y2)
    context.lineTo(x2 - dx + dy * 0.55, y2 - dy - dx * 0.55)
  }
  if (filled) context.fill()
  else context.stroke()
}

/** One arrow so that it is seen among all others, with both its ends. */
export function paintHighlight({ context, theme }: Brush, { x1, y1, x2, y2, flight }: Arrow): void {
  context.strokeStyle = theme.accent
  context.fillStyle = theme.accent
  context.lineWidth = 2.5
  context.beginPath()
  context.moveTo(x1, y1)
  context.lineTo(x2, y2)
  context.stroke()
  context.beginPath()
  context.arc(x1, y1, 4, 0, 7)
  context.fill()
  if (flight.fate === 'lost') cross(context, x2, y2, 5)
  else {
    context.beginPath()
    context.arc(x2, y2, 4, 0, 7)
    context.fillStyle = theme.background
    context.fill()
    context.stroke()
  }
  context.lineWidth = 1
}

/** How many messages each server sent, and above it in red how many of them were lost. */
export function paintDensity(brush: Brush, model: RunModel, view: TimeView, layout: Layout): void {
  const { context, theme } = brush
  const columns = Math.ceil(view.width / COLUMN)
  const step = view.msPerPixel * COLUMN
  // Columns stand on the run's own grid: panning must not make them flicker.
  const first = Math.floor(view.from / step) * step
  for (const lane of layout.lanes) {
    const sent = model.sentBy[lane.server] ?? []
    const lost = model.lostBy[lane.server] ?? []
    const top = lane.middle + LOG_TOP + LOG_HEIGHT + 9
    const room = lane.top + lane.height - 2 - top
    const counts: number[] = []
    for (let i = 0; i <= columns; i++) counts.push(countBetween(sent, first + i * step, first + (i + 1) * step))
    const most = Math.max(1, ...counts)
    counts.forEach((count, i) => {
      if (count === 0) return
      const x = view.x(first + i * step)
      const height = Math.max(1, Math.sqrt(count / most) * room)
      const failed = lost.length === 0 ? 0 : countBetween(lost, first + i * step, first + (i + 1) * step)
      context.fillStyle = theme.faint
      context.fillRect(x, top + room - height, COLUMN - 1, height)
      if (failed > 0) paintLost(context, theme, x, top + room - height, Math.max(2, (failed / count) * height))
    })
  }
}

function paintLost(context: CanvasRenderingContext2D, theme: Theme, x: number, y: number, height: number): void {
  context.fillStyle = theme.danger
  context.fillRect(x, y, COLUMN - 1, height)
}
