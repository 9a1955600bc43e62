// All events in words, beside the picture. Of a hundred thousand rows only those are there that are in sight.

import { byId, element } from './dom.ts'
import type { RunModel } from './run-model.ts'
import type { Selection } from './selection.ts'
import { formatTime, GROUP_OF_CODE } from './words.ts'

const ROW = 24
const SPARE = 6
/** Browsers do not make elements of more pixels than about 33 million; beyond that, rows are a share of the whole. */
const MAX_PIXELS = 15_000_000

export class EventList {
  private readonly model: RunModel
  private readonly selection: Selection
  private readonly list = byId('events', HTMLElement)
  private readonly count = byId('count', HTMLElement)
  private readonly rows = element('div', { class: 'rows' })
  private readonly spacer = element('div', { class: 'spacer' }, this.rows)
  private shownPlace = -1

  constructor(model: RunModel, selection: Selection) {
    this.model = model
    this.selection = selection
    this.list.append(this.spacer)
    this.list.addEventListener('scroll', () => this.fill())
    this.list.addEventListener('click', (event) => this.click(event))
    new ResizeObserver(() => this.fill()).observe(this.list)
    selection.onChange(() => this.show())
    this.show()
  }

  private show(): void {
    const { visible, isFiltered } = this.selection
    this.count.textContent = isFiltered ? `${visible.length} of ${this.model.count} events` : `${visible.length} events`
    this.spacer.style.height = `${this.height}px`
    if (this.shownPlace !== this.selection.place) this.reveal()
    this.shownPlace = this.selection.place
    this.fill()
  }

  private get height(): number {
    return Math.min(this.selection.visible.length * ROW, MAX_PIXELS)
  }

  /** From the place in the scroll bar to the first row. */
  private get firstRow(): number {
    const rows = this.selection.visible.length
    const room = this.list.clientHeight
    const scrolled = this.height <= room ? 0 : this.list.scrollTop / (this.height - room)
    return Math.round(scrolled * Math.max(0, rows - Math.floor(room / ROW)))
  }

  private reveal(): void {
    const rank = this.selection.rankOf(this.selection.place)
    const room = Math.floor(this.list.clientHeight / ROW)
    const first = this.firstRow
    if (rank >= first + 1 && rank < first + room - 1) return
    const wanted = Math.max(0, rank - Math.floor(room / 2))
    const most = Math.max(1, this.selection.visible.length - room)
    this.list.scrollTop = Math.min(1, wanted / most) * Math.max(0, this.height - this.list.clientHeight)
  }

  private fill(): void {
    const { visible, place } = this.selection
    const first = this.firstRow
    const last = Math.min(visible.length, first + Math.ceil(this.list.clientHeight / ROW) + SPARE)
    const rows: HTMLElement[] = []
    for (let rank = first; rank < last; rank++) rows.push(this.row(rank, visible[rank] ?? 0, place))
    this.rows.style.transform = `translateY(${Math.min(this.list.scrollTop, this.height - (last - first) * ROW)}px)`
    if (this.height < this.list.clientHeight) this.rows.style.transform = ''
    this.rows.replaceChildren(...rows)
    const chosen = rows.find((row) => row.getAttribute('aria-selected') === 'true')
    this.list.setAttribute('aria-activedescendant', chosen?.id ?? '')
  }

  private row(rank: number, place: number, chosen: number): HTMLElement {
    const { model } = this
    const { sign, who, what } = model.words.sentence(place)
    const group = GROUP_OF_CODE[model.trace.events.kind[place] ?? -1] ?? 'notes'
    return element(
      'div',
      {
        class: `row ${group}`,
        id: `event-${place}`,
        role: 'option',
        'data-place': String(place),
        'aria-selected': String(place === chosen),
        'aria-posinset': String(rank + 1),
        'aria-setsize': String(this.selection.visible.length),
        title: `${who} ${what}`,
      },
      element('span', { class: 'time' }, formatTime(model.at(place))),
      element('span', { class: 'sign', 'aria-hidden': 'true' }, sign),
      element('span', { class: 'who' }, who),
      element('span', { class: 'what' }, what),
    )
  }

  private click({ target }: Event): void {
    const row = target instanceof Element ? target.closest('.row') : null
    const place = row?.getAttribute('data-place')
    if (place !== null && place !== undefined) this.selection.choose(Number(place))
  }
}
