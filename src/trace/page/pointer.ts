// Mouse, pen and fingers: drag to move, wheel or two fingers to zoom, a click to choose a moment, pointing to be told
// what it is.

import { placeAt } from '../timeline.ts'
import { byId } from './dom.ts'
import { arrowAt, markAt, operationAt } from './pick.ts'
import type { RunModel } from './run-model.ts'
import type { Scene, Stage } from './scene.ts'
import type { Selection } from './selection.ts'
import { formatTime } from './words.ts'

/** A pointer that moved less has clicked. */
const CLICK_PIXELS = 4
const WHEEL_ZOOM = 0.0016

/** Listens to the lanes, the overview and the logs. */
export function listenToPointer(stage: Stage, scene: Scene, model: RunModel, selection: Selection): void {
  const lanes = new LanesPointer(stage, scene, model, selection)
  lanes.listen()
  listenToOverview(stage.overview, scene)
  listenToLogs(stage.logs, scene)
}

class LanesPointer {
  private readonly fingers = new Map<number, { x: number; y: number }>()
  private moved = 0
  private readonly tip = byId('tip', HTMLElement)
  private readonly stage: Stage
  private readonly scene: Scene
  private readonly model: RunModel
  private readonly selection: Selection

  constructor(stage: Stage, scene: Scene, model: RunModel, selection: Selection) {
    this.stage = stage
    this.scene = scene
    this.model = model
    this.selection = selection
  }

  listen(): void {
    const { overlay } = this.stage
    overlay.addEventListener('pointerdown', (event) => this.down(event))
    overlay.addEventListener('pointermove', (event) => this.move(event))
    overlay.addEventListener('pointerup', (event) => this.up(event))
    overlay.addEventListener('pointercancel', (event) => this.fingers.delete(event.pointerId))
    overlay.addEventListener('pointerleave', () => this.hover(null, ''))
    overlay.addEventListener('wheel', (event) => this.wheel(event), { passive: false })
  }

  private down(event: PointerEvent): void {
    this.stage.overlay.setPointerCapture(event.pointerId)
    this.fingers.set(event.pointerId, { x: event.offsetX, y: event.offsetY })
    if (this.fingers.size === 1) this.moved = 0
  }

  private move(event: PointerEvent): void {
    const before = this.fingers.get(event.pointerId)
    if (before === undefined) {
      this.point(event)
      return
    }
    const now = { x: event.offsetX, y: event.offsetY }
    this.moved += Math.abs(now.x - before.x) + Math.abs(now.y - before.y)
    const { view } = this.scene
    const others = [...this.fingers].filter(([id]) => id !== event.pointerId).map(([, at]) => at)
    const [other] = others
    if (other !== undefined) {
      const ratio = Math.max(20, Math.abs(before.x - other.x)) / Math.max(20, Math.abs(now.x - other.x))
      view.zoom(ratio, view.time((now.x + other.x) / 2))
    } else if (this.moved > CLICK_PIXELS) {
      view.pan((before.x - now.x) * view.msPerPixel)
      this.stage.scroller.scrollTop += before.y - now.y
      this.hover(null, '')
    }
    this.fingers.set(event.pointerId, now)
    this.scene.redraw()
  }

  private up(event: PointerEvent): void {
    const wasAlone = this.fingers.size === 1
    this.fingers.delete(event.pointerId)
    if (wasAlone && this.moved <= CLICK_PIXELS) this.click(event.offsetX, event.offsetY)
  }

  private click(x: number, y: number): void {
    const { scene, model, selection } = this
    const arrow = arrowAt(scene.arrows, x, y)
    const mark = markAt(model, scene.view, scene.layout, x, y)
    const operation = operationAt(model, scene.view, scene.layout, x, y)
    if (mark !== null) selection.choose(mark.place)
    else if (arrow !== null) {
      const { flight, x1, x2 } = arrow
      const isNearEnd = Math.abs(x - x2) < Math.abs(x - x1)
      selection.choose(isNearEnd && flight.endPlace >= 0 ? flight.endPlace : flight.sendPlace)
    } else if (operation !== null) selection.choose(operation.beginPlace)
    else selection.choose(placeAt(model.trace.events.at, scene.view.time(x)), scene.serverAt(y))
  }

  private point({ offsetX: x, offsetY: y }: PointerEvent): void {
    const { scene, model } = this
    if (x < scene.gutter) {
      this.hover(null, '')
      return
    }
    const mark = markAt(model, scene.view, scene.layout, x, y)
    const operation = operationAt(model, scene.view, scene.layout, x, y)
    const arrow = mark === null && operation === null ? arrowAt(scene.arrows, x, y) : null
    if (scene.hovered !== arrow) {
      scene.hovered = arrow
      scene.redrawOverlay()
    }
    const text = mark !== null ? model.words.line(mark.place) : operation !== null ? operationWords(operation) : ''
    this.hover(arrow, arrow === null ? text : this.arrowWords(arrow.flight), x, y)
  }

  private arrowWords({ sendPlace, endPlace, sentAt, endAt, fate, isCopy, isLate }: ArrowFlight): string {
    const { words } = this.model
    const took = formatTime(endAt - sentAt, 3)
    const end =
      fate === 'arrived'
        ? `arrived after ${took} ms${isCopy ? ', a copy made on the way' : ''}${isLate ? ', overtaken by a later one' : ''}`
        : fate === 'lost'
          ? words.sentence(endPlace).what
          : 'still under way at the end'
    return `${words.line(sendPlace)}\n${end}`
  }

  private hover(arrow: object | null, text: string, x = 0, y = 0): void {
    const { scene, tip } = this
    if (arrow === null && scene.hovered !== null) {
      scene.hovered = null
      scene.redrawOverlay()
    }
    tip.hidden = text === ''
    if (text === '') return
    tip.textContent = text
    const box = this.stage.overlay.getBoundingClientRect()
    const left = Math.min(box.left + x + 14, window.innerWidth - tip.offsetWidth - 8)
    const top = box.top + y + 16
    tip.style.left = `${Math.max(8, left)}px`
    tip.style.top = `${top + tip.offsetHeight > window.innerHeight ? box.top + y - tip.offsetHeight - 10 : top}px`
  }

  /** The wheel zooms; sideways, or with Shift, it moves. */
  private wheel(event: WheelEvent): void {
    event.preventDefault()
    const { view } = this.scene
    const unit = event.deltaMode === 1 ? 16 : 1
    const sideways = event.shiftKey ? event.deltaX + event.deltaY : event.deltaX
    if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) view.pan(sideways * unit * view.msPerPixel)
    else view.zoom(Math.exp(event.deltaY * unit * WHEEL_ZOOM), view.time(Math.max(event.offsetX, this.scene.gutter)))
    this.scene.redraw()
  }
}

type ArrowFlight = Scene['arrows'][number]['flight']

function operationWords({
  text,
  outcome,
  answer,
  begin,
  end,
}: {
  readonly text: string
  readonly outcome: string
  readonly answer: string
  readonly begin: number
  readonly end: number
}): string {
  return `${text}\n${outcome}${answer === '' ? '' : `, ${answer}`}, after ${formatTime(end - begin, 3)} ms`
}

/** A click goes there; dragging takes the window along. */
function listenToOverview(canvas: HTMLCanvasElement, scene: Scene): void {
  let isDown = false
  const go = (event: PointerEvent): void => {
    const { view } = scene
    const time = view.start + (event.offsetX / canvas.clientWidth) * (view.end - view.start)
    view.show(time - view.span / 2, time + view.span / 2)
    scene.redraw()
  }
  canvas.addEventListener('pointerdown', (event) => {
    isDown = true
    canvas.setPointerCapture(event.pointerId)
    go(event)
  })
  canvas.addEventListener('pointermove', (event) => {
    if (isDown) go(event)
  })
  canvas.addEventListener('pointerup', () => {
    isDown = false
  })
}

function listenToLogs(canvas: HTMLCanvasElement, scene: Scene): void {
  let downAt: number | null = null
  let rest = 0
  const moveBy = (pixels: number): void => {
    rest += pixels
    const entries = Math.trunc(rest / 24)
    if (entries === 0) return
    rest -= entries * 24
    scene.logsBack = Math.max(0, scene.logsBack + entries)
    scene.redraw()
  }
  canvas.addEventListener('pointerdown', (event) => {
    downAt = event.offsetX
    canvas.setPointerCapture(event.pointerId)
  })
  canvas.addEventListener('pointermove', (event) => {
    if (downAt === null) return
    moveBy(event.offsetX - downAt)
    downAt = event.offsetX
  })
  canvas.addEventListener('pointerup', () => {
    downAt = null
  })
  canvas.addEventListener(
    'wheel',
    (event) => {
      event.preventDefault()
      moveBy(-(event.deltaX + event.deltaY))
    },
    { passive: false },
  )
}
