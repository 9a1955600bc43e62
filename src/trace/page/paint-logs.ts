// The logs of all servers at the chosen moment, entry by entry, one below the other as in Figure 7 of the paper: the
// same index stands at the same place, so that one sees who lacks what.

import type { ClusterState, ServerState } from '../cluster-state.ts'
import { type Brush, fitText, textWidth } from './brush.ts'
import { font, termColor } from './theme.ts'

export const LOG_ROW = 25
export const LOGS_HEAD = 18
const CELL = 24
const GAP = 2

/** Which entries are shown. */
export interface LogWindow {
  readonly first: number
  readonly count: number
  /** Of the cluster: what can be moved to. */
  readonly oldest: number
  readonly newest: number
}

/** Room at the right for the word that a log goes on. */
const MORE = 44

/**
 * Ends at the newest entry of all, unless the chosen server's log would be out of sight then.
 *
 * @param chosen the number of the server that must be seen
 * @param back how many entries before that it ends, because it was moved
 */
export function logWindow(state: ClusterState, chosen: number, width: number, back: number): LogWindow {
  const count = Math.max(1, Math.floor((width - MORE) / CELL))
  const newest = Math.max(0, ...state.servers.map(({ log }) => log.lastIndex))
  const there = state.servers.filter(({ life }) => life !== 'absent')
  const oldest = Math.min(newest, ...there.map(({ log }) => log.baseIndex))
  const own = state.servers[chosen]?.log.lastIndex ?? newest
  const end = newest - own < count / 2 ? newest : own + Math.floor(count / 3)
  const first = Math.max(Math.min(end - count + 1 - back, newest), Math.max(1, oldest))
  return { first, count, oldest, newest }
}

export function paintLogs(
  brush: Brush,
  state: ClusterState,
  servers: readonly number[],
  names: readonly string[],
  window: LogWindow,
  gutter: number,
  chosen: number,
): void {
  const { context, theme, width, height } = brush
  context.fillStyle = theme.background
  context.fillRect(0, 0, width, height)
  context.textBaseline = 'middle'
  context.font = font(10)
  for (let i = 0; i < window.count; i++) {
    const index = window.first + i
    if (index > window.newest) break
    if (index % 5 !== 0 && i > 0) continue
    context.fillStyle = theme.muted
    const text = `${index}`
    context.fillText(text, gutter + i * CELL + (CELL - GAP - textWidth(context, text)) / 2, LOGS_HEAD / 2)
  }
  servers.forEach((server, row) => {
    const its = state.servers[server]
    const y = LOGS_HEAD + row * LOG_ROW
    if (server === chosen) {
      context.fillStyle = theme.lane
      context.fillRect(0, y, width, LOG_ROW)
    }
    context.font = font(12, 600)
    context.fillStyle = its?.life === 'down' ? theme.muted : theme.text
    fitText(context, names[server] ?? '', 12, y + LOG_ROW / 2, gutter - 34)
    if (its !== undefined && its.life !== 'absent') paintLog(brush, its, window, gutter, y)
  })
}

function paintLog(brush: Brush, server: ServerState, window: LogWindow, gutter: number, y: number): void {
  const { context, theme } = brush
  context.globalAlpha = server.life === 'down' ? 0.45 : 1
  context.font = font(10)
  context.fillStyle = theme.muted
  const mark = server.role === 'leader' && server.life === 'up' ? '★' : ''
  context.fillText(mark, gutter - 18, y + LOG_ROW / 2)
  const { log } = server
  const hidden = Math.min(log.baseIndex - window.first + 1, window.count)
  if (hidden > 0) paintSnapshot(brush, log.baseIndex, gutter, y, hidden)
  for (let i = Math.max(0, hidden); i < window.count; i++) {
    const index = window.first + i
    const term = log.termAt(index)
    if (term === null) break
    const look = {
      isCommitted: index <= server.commit,
      isDurable: index <= server.durable,
      isApplied: index <= server.applied,
    }
    paintCell(brush, term, gutter + i * CELL, y + 2, look)
  }
  if (log.lastIndex >= window.first + window.count) {
    context.fillStyle = theme.muted
    fitText(context, `… ${log.lastIndex}`, gutter + window.count * CELL + 4, y + LOG_ROW / 2, MORE)
  }
  context.globalAlpha = 1
}

function paintSnapshot({ context, theme }: Brush, base: number, x: number, y: number, cells: number): void {
  context.fillStyle = theme.line
  context.fillRect(x, y + 4, cells * CELL - GAP, LOG_ROW - 8)
  context.fillStyle = theme.muted
  fitText(context, `snapshot up to ${base}`, x + 6, y + LOG_ROW / 2, cells * CELL - 10)
}

interface Look {
  readonly isCommitted: boolean
  readonly isDurable: boolean
  readonly isApplied: boolean
}

function paintCell({ context, theme }: Brush, term: number, x: number, y: number, look: Look): void {
  const color = termColor(theme, term)
  const [width, height] = [CELL - GAP, LOG_ROW - 4]
  const alpha = context.globalAlpha
  context.fillStyle = color
  context.globalAlpha = alpha * (look.isCommitted ? 0.38 : 0.12)
  context.fillRect(x, y, width, height)
  context.globalAlpha = alpha
  context.strokeStyle = color
  context.lineWidth = look.isCommitted ? 2 : 1
  context.setLineDash(look.isDurable ? [] : [2, 2])
  const inset = look.isCommitted ? 1 : 0.5
  context.strokeRect(x + inset, y + inset, width - 2 * inset, height - 2 * inset)
  context.setLineDash([])
  context.lineWidth = 1
  if (look.isApplied) context.fillRect(x + 4, y + height - 5, width - 8, 2)
  context.fillStyle = theme.text
  const text = `${term}`
  context.fillText(text, x + (width - textWidth(context, text)) / 2, y + height / 2)
}
