// Where the page begins: unpacks the run, works out what there is to be seen, and connects picture, list and panel.

import { byId, element } from './dom.ts'
import { EventList } from './event-list.ts'
import { offerFilters } from './filters.ts'
import { KEYS, listenToKeys } from './keys.ts'
import { showLegend } from './legend.ts'
import { Panel } from './panel.ts'
import { listenToPointer } from './pointer.ts'
import { RunModel } from './run-model.ts'
import { Scene, type Stage } from './scene.ts'
import { Selection } from './selection.ts'
import { unpack } from './unpack.ts'
import { formatTime } from './words.ts'

/** So many events before the first violation are in sight when the page opens. */
const EVENTS_BEFORE_VIOLATION = 70
/** Speaks the chosen event, but not each of a hundred that somebody skips through. */
const SPEAK_AFTER_MS = 250

function open(model: RunModel): void {
  const selection = new Selection(model)
  const stage: Stage = {
    overview: byId('overview', HTMLCanvasElement),
    scroller: byId('scroller', HTMLElement),
    lanes: byId('lanes', HTMLCanvasElement),
    overlay: byId('overlay', HTMLCanvasElement),
    logs: byId('logs', HTMLCanvasElement),
  }
  showHeader(model)
  // Before the scene is measured: header and panel take their room first.
  document.body.classList.add('ready')
  const scene = new Scene(stage, model, selection)
  pinViolation(scene, model, selection)
  new Panel(model, selection)
  new EventList(model, selection)
  offerFilters(model, selection)
  listenToPointer(stage, scene, model, selection)
  listenToKeys(scene, model, selection)
  listenToButtons(scene)
  speak(model, selection)
  // For tests and for the curious: the page can be driven from the console.
  Object.assign(window, { quorate: { model, scene, selection } })
}

function showHeader({ trace, count, end }: RunModel): void {
  const { title, command, seed, settings } = trace.header
  byId('title', HTMLElement).textContent = title
  const facts = [`seed ${seed}`, ...Object.entries(settings).map(([name, value]) => `${name} ${value}`)]
  const omitted = trace.omitted === 0 ? [] : [`${trace.omitted} earlier events were let go`]
  const size = `${formatTime(count, 0)} events in ${formatTime(end, 1)} ms`
  byId('facts', HTMLElement).textContent = [size, ...facts, ...omitted].join(' · ')
  const replay = byId('replay', HTMLButtonElement)
  replay.hidden = command === ''
  replay.title = `copy: ${command}`
  replay.addEventListener('click', () => void copyReplay(replay, command))
}

/** From a file the clipboard may be forbidden: then the command is shown, to be copied by hand. */
async function copyReplay(replay: HTMLButtonElement, command: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(command)
    replay.textContent = 'Copied'
  } catch {
    window.prompt('the command that runs it again', command)
  }
}

function pinViolation(scene: Scene, model: RunModel, selection: Selection): void {
  const pin = byId('pin', HTMLButtonElement)
  const place = model.firstViolation
  if (place === null) {
    pin.hidden = true
    scene.view.fit()
    return
  }
  const at = model.at(place)
  pin.replaceChildren('‼ ', element('b', {}, model.words.line(place)), ` at ${formatTime(at)} ms`)
  const show = (): void => {
    const from = model.at(Math.max(0, place - EVENTS_BEFORE_VIOLATION))
    const before = Math.max(at - from, 1)
    scene.view.show(at - before, at + before * 0.25)
    selection.choose(place)
    scene.redraw()
  }
  pin.addEventListener('click', show)
  show()
}

function listenToButtons(scene: Scene): void {
  const { view } = scene
  const zoom = (factor: number): void => {
    view.zoom(factor, (view.from + view.to) / 2)
    scene.redraw()
  }
  byId('zoom-in', HTMLButtonElement).addEventListener('click', () => zoom(0.5))
  byId('zoom-out', HTMLButtonElement).addEventListener('click', () => zoom(2))
  byId('zoom-fit', HTMLButtonElement).addEventListener('click', () => {
    view.fit()
    scene.redraw()
  })
  byId('show-filters', HTMLButtonElement).addEventListener('click', () =>
    byId('filters', HTMLDialogElement).showModal(),
  )
  const legend = byId('legend', HTMLDialogElement)
  byId('show-legend', HTMLButtonElement).addEventListener('click', () => legend.showModal())
  byId('keys', HTMLElement).replaceChildren(
    ...KEYS.flatMap(([keys, does]) => [element('dt', {}, keys), element('dd', {}, does)]),
  )
  showLegend(scene.theme)
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => showLegend(scene.theme))
  for (const dialog of document.querySelectorAll('dialog')) {
    dialog.addEventListener('click', (event) => {
      if (event.target === dialog) dialog.close()
    })
  }
}

function speak(model: RunModel, selection: Selection): void {
  const live = byId('live', HTMLElement)
  let waiting = 0
  selection.onChange(() => {
    clearTimeout(waiting)
    waiting = window.setTimeout(() => {
      live.textContent = `${formatTime(model.at(selection.place))} ms: ${model.words.line(selection.place)}`
    }, SPEAK_AFTER_MS)
  })
}

async function main(): Promise<void> {
  const data = byId('trace', HTMLScriptElement)
  try {
    const trace = await unpack(data.textContent ?? '')
    data.remove()
    open(new RunModel(trace))
  } catch (error) {
    byId('title', HTMLElement).textContent =
      `This run cannot be shown: ${error instanceof Error ? error.message : error}`
    throw error
  }
}

void main()
