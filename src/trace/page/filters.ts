// What is shown: kinds of events, servers, types of messages, and a text to look for.

import { byId, element } from './dom.ts'
import type { RunModel } from './run-model.ts'
import type { Selection } from './selection.ts'
import { GROUPS } from './words.ts'

/** Typing is not answered letter by letter: looking through 100,000 events takes a moment. */
const SEARCH_PAUSE_MS = 120

/** Fills the dialog of filters, and listens to the search. */
export function offerFilters(model: RunModel, selection: Selection): void {
  const { filter } = selection
  const changed = (): void => selection.refilter()
  const boxes = byId('filter-boxes', HTMLElement)
  boxes.append(
    section(
      'Events',
      GROUPS.map(({ group, label }) => box(label, filter.groups, group, changed)),
    ),
    section(
      'Servers',
      model.trace.header.servers.map((name, server) => box(name, filter.servers, server, changed)),
    ),
    section(
      'Messages',
      model.types.map((type) => box(type, filter.types, type, changed)),
    ),
  )
  byId('filter-reset', HTMLButtonElement).addEventListener('click', () => {
    for (const input of boxes.querySelectorAll('input')) input.checked = true
    for (const hidden of [filter.groups, filter.servers, filter.types]) hidden.clear()
    byId('search', HTMLInputElement).value = ''
    filter.text = ''
    changed()
  })
  listenToSearch(selection)
}

function section(title: string, boxes: readonly HTMLElement[]): HTMLElement {
  return element('fieldset', {}, element('legend', {}, title), ...boxes)
}

/** Checked means shown; `hidden` is the set of what is not. */
function box<T>(label: string, hidden: Set<T>, value: T, changed: () => void): HTMLElement {
  const input = element('input', { type: 'checkbox' })
  input.checked = true
  input.addEventListener('change', () => {
    if (input.checked) hidden.delete(value)
    else hidden.add(value)
    changed()
  })
  return element('label', {}, input, ` ${label}`)
}

function listenToSearch(selection: Selection): void {
  const search = byId('search', HTMLInputElement)
  let waiting = 0
  search.addEventListener('input', () => {
    clearTimeout(waiting)
    waiting = window.setTimeout(() => {
      selection.filter.text = search.value
      selection.refilter()
    }, SEARCH_PAUSE_MS)
  })
  search.addEventListener('keydown', (event) => {
    if (event.key === 'Enter') selection.step(event.shiftKey ? -1 : 1)
    if (event.key === 'Escape') search.blur()
    event.stopPropagation()
  })
}
