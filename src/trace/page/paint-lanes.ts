// The lanes: what each server was, in bands whose thickness says the role and whose colour says the term; below it what
// its log was like; and what stood in its way.

import { type Brush, cross, fitText, hatch, textWidth } from './brush.ts'
import { type LogSpan, type RoleSpan, SLOW } from './history.ts'
import type { Lane } from './layout.ts'
import type { RunModel } from './run-model.ts'
import { font, termColor } from './theme.ts'
import type { TimeView } from './time-view.ts'
import { ROLE_WORDS } from './words.ts'

/** Half the height of a role's band. */
const LEADER = 9
const CANDIDATE = 6
const PRE_CANDIDATE = 4
const FOLLOWER = 1.5
/** From a lane's middle to the strip of its log. */
export const LOG_TOP = 14
export const LOG_HEIGHT = 13
const CUT_TOP = -25
const CUT_HEIGHT = 7

/** All of one lane but its marks and messages. */
export function paintLane(brush: Brush, model: RunModel, view: TimeView, lane: Lane): void {
  const { context, theme } = brush
  const history = model.histories.lanes[lane.server]
  if (history === undefined) return
  context.fillStyle = theme.line
  context.fillRect(0, lane.top + lane.height - 1, brush.width, 1)
  const least = view.msPerPixel * 1.5
  history.logs.between(view.from, view.to, least, (log, start, end) => paintLog(brush, view, lane, log, start, end))
  history.roles.between(view.from, view.to, least, (role, start, end) => paintRole(brush, view, lane, role, start, end))
  history.cuts.between(view.from, view.to, least, (cut, start, end) => paintCut(brush, view, lane, cut, start, end))
  paintSyncs(brush, view, lane, history.syncs)
}

function paintRole(brush: Brush, view: TimeView, { middle }: Lane, span: RoleSpan, start: number, end: number): void {
  const { context, theme } = brush
  const [x, right] = clip(brush, view, start, end)
  const width = Math.max(1, right - x)
  const color = termColor(theme, span.term)
  if (span.life === 'down' || span.life === 'absent') {
    paintDown(brush, x, width, middle, span.life === 'absent')
    return
  }
  context.fillStyle = color
  switch (span.role) {
    case 'leader':
      context.beginPath()
      context.roundRect(x, middle - LEADER, width, 2 * LEADER, Math.min(4, width / 2))
      context.fill()
      break
    case 'candidate':
      context.globalAlpha = 0.28
      context.fillRect(x, middle - CANDIDATE, width, 2 * CANDIDATE)
      context.globalAlpha = 1
      hatch(brush, [x, middle - CANDIDATE, width, 2 * CANDIDATE], color, 4)
      break
    case 'preCandidate':
      context.strokeStyle = color
      context.setLineDash([2, 2])
      context.strokeRect(x + 0.5, middle - PRE_CANDIDATE, Math.max(0.5, width - 1), 2 * PRE_CANDIDATE)
      context.setLineDash([])
      break
    case 'follower':
      context.fillRect(x, middle - FOLLOWER, width, 2 * FOLLOWER)
  }
  if (span.life === 'up') nameRole(brush, span, x, width, middle, color)
  if (span.life === 'paused') {
    context.globalAlpha = 0.55
    context.fillStyle = theme.background
    context.fillRect(x, middle - 13, width, 26)
    context.globalAlpha = 1
    hatch(brush, [x, middle - 13, width, 26], theme.down, 5)
    label(brush, 'paused', x + 4, middle, width - 8, theme.text)
  }
}

/** A leader's words stand in its band, everybody else's above the line. */
function nameRole(brush: Brush, span: RoleSpan, x: number, width: number, middle: number, color: string): void {
  const { context, theme } = brush
  if (width < 14) return
  const word = ROLE_WORDS[span.role]
  const long = `${word} · term ${span.term}`
  const isFollower = span.role === 'follower'
  context.font = font(11, 600)
  const text = isFollower || textWidth(context, long) > width - 8 ? `${span.term}` : long
  if (span.term === 0 || textWidth(context, text) > width - 6) return
  if (span.role === 'leader') {
    context.fillStyle = theme.onTerm
    context.fillText(text, x + 5, middle + 0.5)
  } else {
    context.fillStyle = color
    context.fillText(text, x + 3, middle - 10)
  }
}

function paintDown({ context, theme }: Brush, x: number, width: number, middle: number, isAbsent: boolean): void {
  if (isAbsent) return
  context.strokeStyle = theme.down
  context.lineWidth = 1.5
  context.setLineDash([2, 5])
  context.beginPath()
  context.moveTo(x, middle)
  context.lineTo(x + width, middle)
  context.stroke()
  context.setLineDash([])
  context.lineWidth = 1
  if (width < 50) return
  context.font = font(11)
  context.fillStyle = theme.muted
  context.fillText('down', x + 14, middle - 10)
}

/** Full where all is committed, pale where not; dotted below where not all of it would outlive a crash. */
function paintLog(brush: Brush, view: TimeView, { middle }: Lane, log: LogSpan, start: number, end: number): void {
  if (log.last === 0) return
  const { context, theme } = brush
  const [x, right] = clip(brush, view, start, end)
  const width = Math.max(1, right - x)
  const y = middle + LOG_TOP
  const color = termColor(theme, log.lastTerm)
  const isCommitted = log.commit >= log.last
  context.globalAlpha = isCommitted ? 0.42 : 0.16
  context.fillStyle = color
  context.fillRect(x, y, width, LOG_HEIGHT)
  context.globalAlpha = 1
  context.fillRect(x, y, 1, LOG_HEIGHT)
  if (log.durable < log.last) {
    context.fillStyle = theme.background
    context.fillRect(x, y + LOG_HEIGHT - 3, width, 3)
    context.fillStyle = color
    for (let dot = x; dot < right; dot += 4) context.fillRect(dot, y + LOG_HEIGHT - 2, 2, 2)
  } else if (isCommitted) context.fillRect(x, y + LOG_HEIGHT - 2, width, 2)
  if (width < 16) return
  context.font = font(10)
  const waiting = log.last - log.commit
  const text = isCommitted ? `${log.last}` : `${log.last} (${waiting} not committed)`
  const short = isCommitted ? text : `${log.last} +${waiting}`
  label(brush, textWidth(context, text) <= width - 6 ? text : short, x + 4, y + 6, width - 6, theme.text)
}

function label({ context }: Brush, text: string, x: number, y: number, room: number, color: string): void {
  if (textWidth(context, text) > room) return
  context.fillStyle = color
  context.fillText(text, x, y)
}

function paintCut(brush: Brush, view: TimeView, { middle }: Lane, cut: string, start: number, end: number): void {
  if (cut === '') return
  const { context, theme } = brush
  const [x, right] = clip(brush, view, start, end)
  context.fillStyle = theme.warning
  if (cut.startsWith(SLOW)) {
    for (let dot = x; dot < right; dot += 7) context.fillRect(dot, middle + CUT_TOP + 2, 3, 3)
  } else {
    hatch(brush, [x, middle + CUT_TOP, Math.max(1, right - x), CUT_HEIGHT], theme.warning, 5)
    context.fillRect(x, middle + CUT_TOP, Math.max(1, right - x), 1)
  }
  context.font = font(10, 600)
  const room = right - x - 16
  if (room < 40) return
  const width = Math.min(textWidth(context, cut) + 6, room)
  context.fillStyle = theme.background
  context.fillRect(x + 8, middle + CUT_TOP - 1, width, CUT_HEIGHT + 2)
  context.fillStyle = theme.warning
  fitText(context, cut, x + 11, middle + CUT_TOP + 4.5, width)
}

function paintSyncs(
  { context, theme }: Brush,
  view: TimeView,
  { middle }: Lane,
  syncs: readonly { readonly begin: number; readonly end: number; readonly failed: boolean }[],
): void {
  let low = 0
  let high = syncs.length
  while (low < high) {
    const between = (low + high) >> 1
    if ((syncs[between]?.end ?? 0) < view.from) low = between + 1
    else high = between
  }
  const y = middle + LOG_TOP + LOG_HEIGHT + 4
  let drawn = Number.NEGATIVE_INFINITY
  context.strokeStyle = theme.faint
  for (let i = low; i < syncs.length; i++) {
    const sync = syncs[i]
    if (sync === undefined || sync.begin > view.to) return
    const end = view.x(sync.end)
    if (end < drawn + 2 && !sync.failed) continue
    drawn = end
    context.fillStyle = sync.failed ? theme.danger : theme.muted
    const begin = Math.max(view.x(sync.begin), 0)
    context.fillRect(begin, y, Math.max(0, end - begin), 1)
    context.fillRect(end - 0.5, y - 3, 1.5, 6)
    if (!sync.failed) continue
    context.strokeStyle = theme.danger
    cross(context, end, y, 3)
  }
}

function clip({ width }: Brush, view: TimeView, start: number, end: number): readonly [number, number] {
  return [Math.max(view.x(start), view.left), Math.min(view.x(end), width + 20)]
}
