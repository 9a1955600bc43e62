// Writes a second on a logarithmic scale, for each number of clients a group; what is measured in another way has another
// colour, and is not to be compared.
import { figure } from '../harness/table.js'
import { COLOURS, columnsOf, dot, LEFT, legend, line, logarithmic, RIGHT, text } from './svg.js'

const ROW = 20
const GAP = 26
const TOP = 18

export function peersPanel(rows) {
  const groups = groupByClients(rows)
  const bottom = TOP + rows.length * ROW + groups.size * GAP
  const scale = logarithmic(
    rows.map(({ opsPerSecond }) => opsPerSecond),
    LEFT,
    RIGHT,
  )
  const parts = legend(2, [
    [COLOURS.ours, 'as a library or program'],
    [COLOURS.other, 'over its API, with HTTP and JSON'],
  ])
  parts.push(...columnsOf(scale, TOP, bottom, (value) => `${value.toLocaleString('en')}/s`))
  let y = TOP
  for (const [clients, members] of groups) {
    y += GAP
    parts.push(text(20, y - 7, clients, { colour: COLOURS.quiet, size: 11, weight: 600 }))
    for (const row of members) {
      parts.push(...barOf(row, y, scale))
      y += ROW
    }
  }
  return { height: bottom + 14, parts }
}

function clientsOf({ proposers, size }) {
  return `${proposers} ${proposers === 1 ? 'client' : 'clients'}, ${size} bytes`
}

function groupByClients(rows) {
  const groups = new Map()
  for (const row of rows) groups.set(clientsOf(row), [...(groups.get(clientsOf(row)) ?? []), row])
  return groups
}

function barOf({ system, way, opsPerSecond }, y, scale) {
  const colour = way.startsWith('API') ? COLOURS.other : COLOURS.ours
  const middle = y + ROW / 2
  return [
    text(LEFT - 10, middle + 4, system, { anchor: 'end' }),
    line(LEFT, middle, scale.at(opsPerSecond), middle, { colour: COLOURS.grid, width: 3 }),
    dot(scale.at(opsPerSecond), middle, 5, colour),
    text(RIGHT + 12, middle + 4, `${figure(opsPerSecond)}/s`),
  ]
}
