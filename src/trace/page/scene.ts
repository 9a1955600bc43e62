// The picture: three canvases (overview, lanes, logs) and one above the lanes for what changes with every movement of the
// pointer. Everything is drawn anew at most once a frame, and only what has changed.

import type { ClusterState } from '../cluster-state.ts'
import { KIND } from '../trace.ts'
import type { Brush } from './brush.ts'
import { fitText } from './brush.ts'
import { sizeCanvas } from './dom.ts'
import { type Layout, laneAt, layoutOf } from './layout.ts'
import {
  type Arrow,
  type Arrows,
  arrowOf,
  arrowsOf,
  paintArrows,
  paintDensity,
  paintHighlight,
} from './paint-flights.ts'
import { paintLane } from './paint-lanes.ts'
import { LOG_ROW, LOGS_HEAD, logWindow, paintLogs } from './paint-logs.ts'
import { paintAxis, paintMarks, paintViolations } from './paint-marks.ts'
import { paintOperations } from './paint-operations.ts'
import { OVERVIEW_HEIGHT, paintOverview, paintWindow } from './paint-overview.ts'
import type { RunModel } from './run-model.ts'
import type { Selection } from './selection.ts'
import { font, type Theme, termColor, themeFor } from './theme.ts'
import { TimeView } from './time-view.ts'
import { ROLE_WORDS } from './words.ts'

/** The elements that the scene draws on. */
export interface Stage {
  readonly overview: HTMLCanvasElement
  readonly scroller: HTMLElement
  readonly lanes: HTMLCanvasElement
  readonly overlay: HTMLCanvasElement
  readonly logs: HTMLCanvasElement
}

const WIDE_GUTTER = 92
const NARROW_GUTTER = 60
const NO_ARROWS: Arrows = { arrows: [], areAll: true }

export class Scene {
  readonly view: TimeView
  layout: Layout
  gutter = WIDE_GUTTER
  /** What is drawn one by one. */
  arrows: readonly Arrow[] = []
  hovered: Arrow | null = null
  /** How many entries before the newest the logs end. */
  logsBack = 0
  private readonly stage: Stage
  private readonly model: RunModel
  private readonly selection: Selection
  private readonly dark = matchMedia('(prefers-color-scheme: dark)')
  private background: ImageBitmap | HTMLCanvasElement | null = null
  private chosen: { readonly place: number; readonly state: ClusterState } | null = null
  private width = 0
  private height = 0
  private frame = 0
  private isStale = true

  constructor(stage: Stage, model: RunModel, selection: Selection) {
    this.stage = stage
    this.model = model
    this.selection = selection
    this.view = new TimeView(model.end)
    this.layout = layoutOf(400, selection.lanes, model.operations.rows)
    this.dark.addEventListener('change', () => this.resize())
    new ResizeObserver(() => this.resize()).observe(stage.scroller)
    selection.onChange(() => this.redraw())
    this.resize()
  }

  /** Everything, in the next frame. */
  redraw(): void {
    this.isStale = true
    this.request()
  }

  /** Only what is above the lanes: the pointer has moved. */
  redrawOverlay(): void {
    this.request()
  }

  /** Draws at once; for whoever measures how long it takes. */
  draw(): void {
    this.frame = 0
    if (this.isStale) {
      this.isStale = false
      this.place()
      this.drawLanes()
      this.drawOverview()
      this.drawLogs()
    }
    this.drawOverlay()
  }

  get theme(): Theme {
    return themeFor(this.dark.matches)
  }

  private request(): void {
    if (this.frame === 0) this.frame = requestAnimationFrame(() => this.draw())
  }

  private resize(): void {
    this.width = this.stage.scroller.clientWidth
    this.height = this.stage.scroller.clientHeight
    this.gutter = this.width < 600 ? NARROW_GUTTER : WIDE_GUTTER
    this.view.left = this.gutter
    this.view.width = Math.max(50, this.width - this.gutter)
    this.background = null
    this.redraw()
  }

  private place(): void {
    this.layout = layoutOf(this.height, this.selection.lanes, this.model.operations.rows)
  }

  private brush(canvas: HTMLCanvasElement, height: number): Brush {
    return { context: sizeCanvas(canvas, this.width, height), theme: this.theme, width: this.width, height }
  }

  private drawLanes(): void {
    const { model, view, layout, theme, selection } = this
    const height = Math.max(layout.height, this.height)
    const brush = this.brush(this.stage.lanes, height)
    const { context } = brush
    context.fillStyle = theme.background
    context.fillRect(0, 0, this.width, height)
    const chosen = layout.lanes.find(({ server }) => server === selection.server)
    context.fillStyle = theme.lane
    if (chosen !== undefined) context.fillRect(0, chosen.top, this.width, chosen.height - 1)
    paintAxis(brush, view, layout)
    const { filter } = selection
    const hidesMessages = filter.groups.has('messages')
    const { arrows, areAll } = hidesMessages
      ? NO_ARROWS
      : arrowsOf(model, view, layout, ({ type }) => !filter.types.has(type))
    this.arrows = arrows
    if (!areAll) paintDensity(brush, model, view, layout)
    paintArrows(brush, arrows)
    for (const lane of layout.lanes) paintLane(brush, model, view, lane)
    if (!filter.groups.has('operations')) paintOperations(brush, model, view, layout)
    paintMarks(brush, model, view, layout)
    this.drawGutter(brush)
    paintViolations(brush, model, view, layout)
  }

  private drawGutter(brush: Brush): void {
    const { context, theme } = brush
    const { header } = this.model.trace
    const state = this.chosenState()
    context.fillStyle = theme.background
    context.fillRect(0, 0, this.gutter - 2, brush.height)
    context.fillStyle = theme.line
    context.fillRect(this.gutter - 2, 0, 1, brush.height)
    for (const { server, middle } of this.layout.lanes) {
      const its = state.servers[server]
      context.font = font(14, 700)
      context.fillStyle = theme.text
      fitText(context, header.servers[server] ?? '', 12, middle - 2, this.gutter - 16)
      if (its === undefined) continue
      context.font = font(11)
      context.fillStyle = its.life === 'up' ? termColor(theme, its.term) : theme.muted
      fitText(context, its.life === 'up' ? ROLE_WORDS[its.role] : its.life, 12, middle + 14, this.gutter - 16)
      context.fillStyle = theme.muted
      fitText(context, `term ${its.term}`, 12, middle + 28, this.gutter - 16)
    }
    context.font = font(11, 600)
    for (const { client, top } of this.layout.clients) {
      context.fillStyle = theme.muted
      fitText(context, header.clients[client] ?? '', 12, top + 7, this.gutter - 16)
    }
  }

  /** What does not change with the window is drawn once and kept. */
  private drawOverview(): void {
    const brush = this.brush(this.stage.overview, OVERVIEW_HEIGHT)
    if (this.background === null) {
      const kept = document.createElement('canvas')
      paintOverview(this.brush(kept, OVERVIEW_HEIGHT), this.model, this.view)
      this.background = kept
    }
    brush.context.drawImage(this.background, 0, 0, this.width, OVERVIEW_HEIGHT)
    paintWindow(brush, this.view, this.model.at(this.selection.place))
  }

  private drawLogs(): void {
    const { model, selection, gutter } = this
    const { lanes } = selection
    const brush = this.brush(this.stage.logs, LOGS_HEAD + lanes.length * LOG_ROW + 4)
    const state = this.chosenState()
    const window = logWindow(state, selection.server, this.width - gutter, this.logsBack)
    paintLogs(brush, state, lanes, model.trace.header.servers, window, gutter, selection.server)
  }

  private drawOverlay(): void {
    const { view, layout, selection, model } = this
    const height = Math.max(layout.height, this.height)
    const brush = this.brush(this.stage.overlay, height)
    const { context, theme } = brush
    context.clearRect(0, 0, this.width, height)
    const x = view.x(model.at(selection.place))
    // Where a violation is chosen, its own red line says so.
    const isViolation = model.trace.events.kind[selection.place] === KIND.violation
    if (x >= this.gutter && !isViolation) {
      context.fillStyle = theme.accent
      context.fillRect(Math.round(x) - 0.5, 0, 1.5, height)
    }
    const chosen = this.chosenArrow()
    if (chosen !== null) paintHighlight(brush, chosen)
    if (this.hovered !== null) paintHighlight(brush, this.hovered)
  }

  /** Folded once for each choice, not for each frame. */
  private chosenState(): ClusterState {
    const { place } = this.selection
    if (this.chosen?.place !== place) this.chosen = { place, state: this.model.timeline.after(place) }
    return this.chosen.state
  }

  /** The message that the chosen event is about. */
  private chosenArrow(): Arrow | null {
    const { model, selection, layout } = this
    if (model.words.typeOf(selection.place) === null) return null
    const flight = model.flights.of(model.trace.events.a[selection.place] ?? -1)
    const from = layout.lanes.find(({ server }) => server === flight?.from)
    const to = layout.lanes.find(({ server }) => server === flight?.to)
    if (flight === undefined || from === undefined || to === undefined) return null
    return arrowOf(flight, this.view, from, to)
  }

  /** The server in whose lane a height is, −1 when it is in none. */
  serverAt(y: number): number {
    return laneAt(this.layout, y)?.server ?? -1
  }
}
