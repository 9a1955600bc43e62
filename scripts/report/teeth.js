// Bugs that were planted, and who found them. The newest result of each engine counts for a bug.
import { count, provenance, table } from './words.js'

/**
 * Every bug with what each engine made of it, whichever program it was that planted it.
 *
 * @returns [{ id, title, engines: { explore: { found, words } } }], in the order of first mention
 */
export function bugsIn(results) {
  const bugs = new Map()
  const bugOf = ({ id, title, words, number }) => {
    const known = bugs.get(id) ?? { id, engines: {} }
    const bug = { ...known, title: title ?? words ?? known.title, number: number ?? known.number }
    bugs.set(id, bug)
    return bug
  }
  for (const { name, bugs: own = [] } of results) {
    for (const one of own) for (const [engine, outcome] of outcomesOf(name, one)) bugOf(one).engines[engine] = outcome
  }
  return [...bugs.values()].sort((one, other) => (one.number ?? 0) - (other.number ?? 0))
}

/** The programs of the explorer and of the specification have their own rows; the one of all engines has all. */
function outcomesOf(name, bug) {
  if (name === 'explore-teeth')
    return [
      ['explorer', { found: bug.found !== null, words: `${bug.found?.split(':')[0]}, ${count(bug.states)} states` }],
    ]
  if (name === 'spec-teeth') return [['specification', { found: isNamed(bug.specification), words: bug.specification }]]
  return Object.entries(bug.engines ?? {}).map(([engine, outcome]) => [
    engine,
    { found: isFound(outcome), words: wordsOf(outcome) },
  ])
}

function isNamed(notice) {
  return /^[^(]/.test(notice)
}

function isFound(outcome) {
  return outcome !== null && Boolean(outcome.found)
}

function wordsOf(outcome) {
  if (!isFound(outcome)) return ''
  const { property, found, test, seeds, seed, states, seconds } = outcome
  const what = property ?? test ?? (typeof found === 'string' ? found : 'found')
  const effort = [
    ...(seeds === undefined ? [] : [`${count(seeds)} seeds`]),
    ...(seed === undefined ? [] : [`seed ${seed}`]),
    ...(states === undefined ? [] : [`${count(states)} states`]),
    ...(seconds === undefined ? [] : [`${Number(seconds).toFixed(1)} s`]),
  ]
  return effort.length === 0 ? what : `${what} (${effort.join(', ')})`
}

export function sumOfTeeth(results) {
  const bugs = bugsIn(results)
  if (bugs.length === 0) return null
  const isAnywhere = ({ engines }) => Object.values(engines).some(({ found }) => found)
  return { bugs, found: bugs.filter(isAnywhere).length, missed: bugs.filter((bug) => !isAnywhere(bug)) }
}

export function teethSection(results) {
  const sum = sumOfTeeth(results)
  if (sum === null) return null
  const engines = [...new Set(sum.bugs.flatMap((bug) => Object.keys(bug.engines)))]
  return [
    `${provenance(results)} Each bug is one that a real system shipped or that our own code had, planted in a copy of the sources.`,
    '',
    `${sum.found} of ${sum.bugs.length} were found by at least one of: ${engines.join(', ')}. An empty cell: not tried, or not found.`,
    '',
    ...table(
      ['bug', ...engines],
      sum.bugs.map(({ title, id, engines: own }) => [
        title ?? id,
        ...engines.map((engine) => (own[engine]?.found ? own[engine].words : '')),
      ]),
    ),
    ...(sum.missed.length === 0
      ? []
      : ['', `Found by none of them: ${sum.missed.map(({ title, id }) => title ?? id).join('; ')}.`]),
  ]
}
