// Bugs that were planted, and who found them; checks that were switched off, and whether that was noticed.
import { count, provenance, table } from './words.js'

/** By number 1 to 55; those behind them were reported of libraries. */
export const PUBLISHED = 55

const ENGINES = { sim: 'simulator', explore: 'explorer', tests: 'tests', lab: 'lab', sweep: 'disk sweep' }

/** @returns of the newest result: how many of the fifty-five are found by anybody, and all rows; null when there is none */
export function sumOfTeeth(results) {
  const newest = results.findLast(({ name }) => name === 'teeth')
  if (newest === undefined) return null
  const missed = newest.bugs.filter((bug) => !isFoundAnywhere(bug))
  // A number may stand for two forms of a bug: both must be found.
  const numbers = (bugs) => new Set(bugs.map(({ number }) => number).filter((number) => number <= PUBLISHED))
  const published = numbers(newest.bugs)
  for (const number of numbers(missed)) published.delete(number)
  return { ...newest, found: published.size, missed, foundForms: newest.bugs.length - missed.length }
}

export function teethSection(results) {
  const lines = [...allEngines(results), ...singleEngines(results), ...checkersIn(results)]
  return lines.length === 0 ? null : lines
}

function allEngines(results) {
  const sum = sumOfTeeth(results)
  if (sum === null) return []
  return [
    `${provenance([sum])} Bugs 1 to ${PUBLISHED} are those that any implementation of Raft may have; behind them are some that libraries were reported to have. Each is planted in a copy of the code that runs in production, and every engine looks for it for a while ([how](guide/teeth.md)). A number in a cell: so many ${unitsIn(sum.units)} until it was found.`,
    '',
    `Found by at least one engine: ${sum.found} of ${PUBLISHED}, and ${sum.foundForms} of all ${sum.bugs.length} forms.`,
    '',
    ...table(
      ['engine', 'found', 'looked for and not found', 'not run, or does not apply'],
      Object.entries(ENGINES).map(([engine, name]) => [name, ...tallyOf(sum.bugs, engine)]),
    ),
    '',
    ...(sum.missed.length === 0 ? [] : [`Found by nobody: ${sum.missed.map(({ title }) => title).join('; ')}.`, '']),
    ...controlOf(sum),
    ...table(
      ['', 'bug', 'simulator', ...Object.values(ENGINES).slice(1)],
      sum.bugs.map(({ number, title, engines }) => [
        String(number),
        title,
        ...Object.keys(ENGINES).map((engine) => cellOf(engine, engines[engine])),
      ]),
    ),
  ]
}

/** The explorer and the specification have programs of their own for their bugs. */
function singleEngines(results) {
  const explored = results.findLast(({ name }) => name === 'explore-teeth')
  const judged = results.findLast(({ name }) => name === 'spec-teeth')
  const found = explored?.bugs.filter((bug) => bug.found !== null).length
  return [
    ...(explored === undefined
      ? []
      : [
          '',
          `The explorer by its own properties alone: ${found} of ${explored.bugs.length}. ${provenance([explored])}`,
        ]),
    ...(judged === undefined
      ? []
      : [
          '',
          `The specification and the core's own invariants over random walks of ${judged.bugs.length} bugs: ${Object.entries(
            judged.counts,
          )
            .map(([who, times]) => `${who} ${times}`)
            .join(', ')}. ${provenance([judged])}`,
        ]),
  ]
}

/** What the engines find where nothing is planted. */
function controlOf({ control = {} }) {
  const { sim } = control
  if (!sim?.found) return []
  return [
    `With nothing planted the simulator found something too, in ${sim.broke.length} of ${count(sim.count)} seeds, at the commit of that time (${sim.by}): a late find by an unlikely property may be one of those.`,
    '',
  ]
}

function checkersIn(results) {
  const newest = results.findLast(({ name }) => name === 'checkers')
  if (newest === undefined) return []
  const bites = newest.rows.filter(({ bites }) => bites)
  const others = newest.rows.filter(({ bites }) => !bites)
  return [
    '',
    `Checks of the simulator that were switched off, so that the bug of a seed must get past where it was found before: ${bites.length} of ${newest.rows.length} tried did let it through.${others.length === 0 ? '' : ` For the others no bug was found that they are the first to see: ${others.map(nameOf).join(', ')}.`} ${provenance([newest])}`,
    '',
    ...table(
      ['check', 'bug', 'seed', 'without the check'],
      bites.map((row) => [nameOf(row), row.bug, String(row.seed), row.without?.property ?? 'nothing is noticed']),
    ),
  ]
}

function nameOf({ property, part }) {
  return part ? `${property} (${part})` : property
}

function isFoundAnywhere({ engines }) {
  return Object.values(engines).some((outcome) => outcome?.found)
}

function tallyOf(bugs, engine) {
  const outcomes = bugs.map(({ engines }) => engines[engine])
  const found = outcomes.filter((outcome) => outcome?.found).length
  const missed = outcomes.filter((outcome) => outcome?.found === false).length
  return [found, missed, outcomes.length - found - missed].map(count)
}

function cellOf(engine, outcome) {
  if (!outcome?.found) return outcome?.found === false ? '–' : ''
  const effort = outcome.count === null || outcome.count === undefined ? '' : ` ${count(outcome.count)}`
  return engine === 'sim' ? `${outcome.by}${effort === '' ? '' : `,${effort}`}` : effort.trim() || 'found'
}

function unitsIn(units) {
  return [...new Set(Object.values(units))].join(', ')
}
