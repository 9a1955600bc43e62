// What the chosen event was, and the state of one server right after it; what the event changed is marked.

import type { ClusterState, ServerState } from '../cluster-state.ts'
import { KIND } from '../trace.ts'
import { byId, element } from './dom.ts'
import type { RunModel } from './run-model.ts'
import type { Selection } from './selection.ts'
import { formatTime, ROLE_WORDS } from './words.ts'

export class Panel {
  private readonly model: RunModel
  private readonly selection: Selection
  private readonly moment = byId('moment', HTMLElement)
  private readonly event = byId('event', HTMLElement)
  private readonly tabs = byId('tabs', HTMLElement)
  private readonly state = byId('state', HTMLElement)

  constructor(model: RunModel, selection: Selection) {
    this.model = model
    this.selection = selection
    selection.onChange(() => this.show())
    this.show()
  }

  private show(): void {
    const { model, selection } = this
    const { place, server } = selection
    const { words, trace } = model
    const after = model.timeline.after(place)
    const before = model.timeline.after(place - 1)
    this.moment.textContent = `${formatTime(model.at(place))} ms · event ${place + 1} of ${model.count}`
    this.event.textContent = model.count === 0 ? 'nothing was recorded' : words.line(place)
    this.event.classList.toggle('violation', trace.events.kind[place] === VIOLATION)
    this.tabs.replaceChildren(...trace.header.servers.map((name, number) => this.tab(name, number, after)))
    const [now, then] = [after.servers[server], before.servers[server]]
    if (now === undefined || then === undefined) return
    const names = trace.header.servers
    const [rows, old] = [rowsOf(now, server, after, names), rowsOf(then, server, before, names)]
    this.state.replaceChildren(
      ...rows.flatMap(([label, value], i) => {
        const was = old[i]?.[1] ?? value
        const shown = element('dd', was === value ? {} : { class: 'changed' }, value)
        if (was !== value) shown.append(element('span', { class: 'was' }, ` was ${was}`))
        return [element('dt', {}, label), shown]
      }),
    )
  }

  private tab(name: string, number: number, { servers }: ClusterState): HTMLElement {
    const isChosen = number === this.selection.server
    const role = servers[number]?.life === 'up' && servers[number]?.role === 'leader' ? ' ★' : ''
    const tab = element('button', { type: 'button', role: 'tab', 'aria-selected': String(isChosen) }, `${name}${role}`)
    tab.addEventListener('click', () => this.selection.chooseServer(number))
    return tab
  }
}

const VIOLATION = KIND.violation

type Row = readonly [label: string, value: string]

function rowsOf(server: ServerState, number: number, cluster: ClusterState, names: readonly string[]): Row[] {
  const nameOf = (lane: number): string => names[lane] ?? 'nobody'
  const { log, life, role, term, votedFor, leader, durable, commit, applied } = server
  const configuration = [
    server.voters.join(' '),
    ...(server.learners.length === 0 ? [] : [`learners ${server.learners.join(' ')}`]),
    ...(server.outgoing.length === 0 ? [] : [`and the old voters ${server.outgoing.join(' ')}`]),
  ]
  return [
    ['runs', { up: 'yes', paused: 'paused', down: 'no, it is down', absent: 'not started yet' }[life]],
    ['role', ROLE_WORDS[role]],
    ['term', `${term}`],
    ['voted for', nameOf(votedFor)],
    ['leader', nameOf(leader)],
    ['log', logWords(server)],
    ['committed', upTo(commit, log.lastIndex)],
    ['durable', upTo(durable, log.lastIndex)],
    ['applied', upTo(applied, commit)],
    ['disk', server.syncing ? 'a sync is under way' : 'quiet'],
    ['network', linkWords(number, cluster, names)],
    ...(configuration[0] === '' ? [] : [['voters', configuration.join('; ')] as const]),
  ]
}

function upTo(index: number, of: number): string {
  if (index >= of) return `${index}`
  return `${index} of ${of}`
}

/** The log in runs of one term each; of a long one the end. */
function logWords({ log }: ServerState): string {
  if (log.lastIndex === 0) return 'empty'
  const runs = log
    .runs()
    .map(({ first, last, term }) => `${first === last ? first : `${first}–${last}`} (term ${term})`)
  const shown = runs.length > 6 ? [`… ${runs.length - 6} runs`, ...runs.slice(-6)] : runs
  return [...(log.baseIndex > 0 ? [`snapshot –${log.baseIndex} (term ${log.baseTerm})`] : []), ...shown].join(', ')
}

function linkWords(server: number, cluster: ClusterState, names: readonly string[]): string {
  const bad = names.flatMap((name, other) => {
    const [to, from] = [cluster.link(server, other), cluster.link(other, server)]
    if (other === server || (to === 'up' && from === 'up')) return []
    if (to === from) return [`${name} ${to}`]
    return [...(to === 'up' ? [] : [`to ${name} ${to}`]), ...(from === 'up' ? [] : [`from ${name} ${from}`])]
  })
  return bad.length === 0 ? 'reaches all' : bad.join(', ')
}
