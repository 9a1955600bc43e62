// What the explorer has seen: one row for each set of bounds, its largest run.
import { count, duration, provenance, table } from './words.js'

export const STATES_GOAL = 200_000_000

const ENDINGS = {
  exhausted: 'all were seen',
  violation: '**a property is broken**',
  states: 'as many as was said',
  memory: 'until the table was full',
  stopped: 'until the time was up',
}

/** @returns null when nothing was explored */
export function sumOfExplorations(results) {
  const best = new Map()
  for (const result of results) {
    const key = JSON.stringify(result.bounds)
    if ((best.get(key)?.states ?? -1) < result.states) best.set(key, result)
  }
  if (best.size === 0) return null
  const rows = [...best.values()].sort((one, other) => other.states - one.states)
  const total = (name) => rows.reduce((sum, row) => sum + row[name], 0)
  const judged = rows.filter(({ spec }) => spec === true)
  return {
    rows,
    states: total('states'),
    generated: total('generated'),
    largest: rows[0].states,
    steps: judged.reduce((sum, { steps }) => sum + steps, 0),
    violations: rows.filter(({ ending }) => ending === 'violation'),
  }
}

export function exploreSection(results) {
  const sum = sumOfExplorations(results)
  if (sum === null) return null
  const rows = sum.rows.map(({ bounds, states, generated, steps, spec, depth, ending, cpuMs, violation }) => [
    boundsIn(bounds),
    count(states),
    count(generated),
    depth,
    spec === true ? count(steps) : `${count(steps)}, not judged`,
    duration(cpuMs),
    violation === null ? ENDINGS[ending] : `${ENDINGS[ending]}: ${violation}`,
  ])
  return [
    `${provenance(sum.rows)} The real core, every order of messages, time-outs and crashes within bounds. A distinct step of the core is judged by itself once, by the explorer's own properties and by the specification; in as many states as there are it is taken again.`,
    '',
    `${count(sum.states)} distinct states, ${count(sum.generated)} steps from one to another, the largest run ${count(sum.largest)}; ${count(sum.steps)} distinct steps of the core were held against the specification.`,
    '',
    ...table(
      [
        'bounds',
        'states:',
        'steps taken:',
        'steps long:',
        'distinct steps of the core:',
        'processor time:',
        'and then',
      ],
      rows,
    ),
  ]
}

function boundsIn(bounds) {
  return Object.entries(bounds)
    .filter(([name, value]) => value !== 0 && value !== false && !(name === 'perPair' && value === 12))
    .map(([name, value]) => (value === true ? name : `${name} ${value}`))
    .join(', ')
}
