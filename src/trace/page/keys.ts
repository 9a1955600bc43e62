// The keyboard. Whatever can be done with the pointer can be done with it.

import { byId } from './dom.ts'
import type { RunModel } from './run-model.ts'
import type { Scene } from './scene.ts'
import type { Selection } from './selection.ts'

const PAGE = 50
const ZOOM = 0.6
const IN_LIST: { readonly [key: string]: string } = { ArrowUp: 'ArrowLeft', ArrowDown: 'ArrowRight' }

/** Every key with what it does: the help is made of this. */
export const KEYS: readonly (readonly [keys: string, does: string])[] = [
  ['← →', 'one event back or on; with Shift, move the window'],
  ['↑ ↓', 'another server; in the list, one event up or down'],
  ['PgUp PgDn', `${PAGE} events back or on`],
  ['Home End', 'the first or the last event'],
  ['n p', 'the next or previous event of the same kind'],
  ['e', 'the next election; with Shift, the one before'],
  ['v', 'the first violation'],
  ['+ −', 'zoom in or out'],
  ['0', 'the whole run'],
  ['/', 'search; Enter goes on, Esc leaves'],
  ['f', 'filters'],
  ['?', 'the legend and these keys'],
]

export function listenToKeys(scene: Scene, model: RunModel, selection: Selection): void {
  const keys = new Keys(scene, model, selection)
  document.addEventListener('keydown', (event) => {
    const { target } = event
    const isTyping = target instanceof HTMLInputElement && target.type !== 'checkbox'
    if (isTyping || event.ctrlKey || event.metaKey || event.altKey || document.querySelector('dialog[open]') !== null)
      return
    // Whoever is in the list goes up and down in it.
    const isInList = target instanceof Element && target.closest('#events') !== null
    const key = isInList ? (IN_LIST[event.key] ?? event.key) : event.key
    if (keys.press(key, event.shiftKey)) event.preventDefault()
  })
}

class Keys {
  private readonly scene: Scene
  private readonly model: RunModel
  private readonly selection: Selection

  constructor(scene: Scene, model: RunModel, selection: Selection) {
    this.scene = scene
    this.model = model
    this.selection = selection
  }

  /** @returns whether the key means anything here */
  press(key: string, shift: boolean): boolean {
    return this.choose(key, shift) || this.move(key, shift) || openDialog(key)
  }

  private choose(key: string, shift: boolean): boolean {
    const { selection, model } = this
    if (shift && key.startsWith('Arrow')) return false
    const last = selection.visible.length
    switch (key) {
      case 'ArrowLeft':
        return this.go(() => selection.step(-1))
      case 'ArrowRight':
        return this.go(() => selection.step(1))
      case 'PageUp':
        return this.go(() => selection.step(-PAGE))
      case 'PageDown':
        return this.go(() => selection.step(PAGE))
      case 'Home':
        return this.go(() => selection.step(-last))
      case 'End':
        return this.go(() => selection.step(last))
      case 'n':
        return this.go(() => selection.stepWithinKind(1))
      case 'p':
        return this.go(() => selection.stepWithinKind(-1))
      case 'e':
      case 'E':
        return this.go(() => this.election(key === 'e'))
      case 'v':
        return this.go(() => selection.choose(model.firstViolation ?? selection.place))
      default:
        return false
    }
  }

  /** Does it, and has what was chosen in sight. */
  private go(action: () => void): true {
    action()
    this.scene.view.reveal(this.model.at(this.selection.place))
    this.scene.redraw()
    return true
  }

  private move(key: string, shift: boolean): boolean {
    const { view } = this.scene
    const chosen = this.model.at(this.selection.place)
    const middle = chosen > view.from && chosen < view.to ? chosen : (view.from + view.to) / 2
    if (key === '+' || key === '=') view.zoom(ZOOM, middle)
    else if (key === '-' || key === '−') view.zoom(1 / ZOOM, middle)
    else if (key === '0') view.fit()
    else if (shift && key === 'ArrowLeft') view.pan(-view.span / 4)
    else if (shift && key === 'ArrowRight') view.pan(view.span / 4)
    else if (key === 'ArrowUp' || key === 'ArrowDown') this.otherServer(key === 'ArrowUp' ? -1 : 1)
    else return false
    this.scene.redraw()
    return true
  }

  private otherServer(by: number): void {
    const { lanes, server } = this.selection
    const next = lanes[(lanes.indexOf(server) + by + lanes.length) % Math.max(1, lanes.length)]
    if (next !== undefined) this.selection.chooseServer(next)
  }

  private election(isNext: boolean): void {
    const { elections } = this.model.histories
    const { place } = this.selection
    const wanted = isNext ? elections.find((one) => one.place > place) : elections.findLast((one) => one.place < place)
    if (wanted !== undefined) this.selection.choose(wanted.place)
  }
}

function openDialog(key: string): boolean {
  if (key === '/') {
    byId('search', HTMLInputElement).focus()
    return true
  }
  const id = { f: 'filters', '?': 'legend' }[key]
  if (id === undefined) return false
  byId(id, HTMLDialogElement).showModal()
  return true
}
