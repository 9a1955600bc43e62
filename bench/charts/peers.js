// Writes a second on a logarithmic scale, for each number of clients a group; what is measured otherwise has another
// colour, and is not to be compared.
import { figure } from '../harness/table.js'
import { COLOURS, columnsOf, LEFT, legend, logarithmic, RIGHT, rect, text } from './svg.js'

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
  return `${proposers} clients, ${size} bytes`
}

function groupByClients(rows) {
  const groups = new Map()
  for (const row of rows) groups.set(clientsOf(row), [...(groups.get(clientsOf(row)) ?? []), row])
  return groups
}

function barOf({ system, way, opsPerSecond }, y, scale) {
  const colour = way.startsWith('API') ? COLOURS.other : COLOURS.ours
  return [
    text(LEFT - 10, y + ROW / 2 + 4, system, { anchor: 'end' }),
    rect(LEFT, y + 3, scale.at(opsPerSecond) - LEFT, ROW - 6, colour),
    text(RIGHT + 12, y + ROW / 2 + 4, `${figure(opsPerSecond)}/s`),
  ]
}
