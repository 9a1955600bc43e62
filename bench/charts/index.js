// One picture of everything that was measured: a panel for each question, one below the other.
import { failoverPanel } from './failover.js'
import { latencyPanel } from './latency.js'
import { peersPanel } from './peers.js'
import { sharePanel } from './share.js'
import { COLOURS, text, WIDTH } from './svg.js'
import { timelinePanel } from './timeline.js'

/** Which scenario's rows a panel shows. Each draws below 0, and says how high it is: `{ height, parts }`. */
const PANELS = [
  ['replication', 'How close to the raw ceiling?', sharePanel],
  ['replication', 'How long does a command take?', latencyPanel],
  ['failover', 'How long until the next write, when the leader is gone?', failoverPanel],
  ['catchup', 'What do commands feel of a server that catches up?', timelinePanel],
  ['peers', 'Beside other systems', peersPanel],
]

const MARGIN = 20
const TITLE_HEIGHT = 24

/** @param results the rows of each scenario that ran, by its name */
export function chartOf(results, machine) {
  const parts = [text(MARGIN, 30, 'Quorate, measured', { size: 18, weight: 600 })]
  parts.push(text(MARGIN, 49, machine, { size: 11, colour: COLOURS.quiet }))
  let y = 90
  for (const [name, title, draw] of PANELS) {
    const rows = results.get(name) ?? []
    if (rows.length === 0) continue
    const panel = draw(rows)
    parts.push(text(MARGIN, y, title, { size: 14, weight: 600 }))
    parts.push(`<g transform="translate(0 ${y + TITLE_HEIGHT})">`, ...panel.parts, '</g>')
    y += TITLE_HEIGHT + panel.height + 40
  }
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${y}" width="${WIDTH}" height="${y}" font-family="Helvetica, Arial, sans-serif">`,
    `<title>Quorate, measured: share of the raw ceiling, latencies, fail-over, catching up, and other systems beside it</title>`,
    `<rect width="100%" height="100%" fill="white"/>`,
    ...parts,
    '</svg>\n',
  ].join('\n')
}
