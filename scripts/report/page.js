// docs/correctness.md, put together from the evidence.
import { callsOf, callsSection, chaosSection, sumOfChaos } from './chaos.js'
import { checkerSection } from './checker.js'
import { diskSection, sweepOf } from './disks.js'
import { exploreSection, STATES_GOAL, sumOfExplorations } from './explore.js'
import { hostileSection, sumOfHostile } from './hostile.js'
import { GOALS, simSection, sumOfCampaigns } from './sim.js'
import { PUBLISHED as BUGS_GOAL, sumOfTeeth, teethSection } from './teeth.js'
import { commitsOf, count, duration, shareOf, table } from './words.js'

const SECTIONS = [
  {
    title: 'The simulator',
    names: ['sim'],
    make: simSection,
    again: ['npm run prove -- --only sim --minutes 60', 'npx quorate sim --seed N'],
    guide: 'guide/simulator.md',
  },
  {
    title: 'The explorer',
    names: ['explore'],
    make: exploreSection,
    again: ['npm run prove -- --only explore', 'npx quorate explore --preset elections'],
    guide: 'guide/explore.md',
  },
  {
    title: 'One bad disk',
    names: ['disk-sweep'],
    make: diskSection,
    again: ['npm run sweep'],
    guide: 'decisions/0026-what-one-bad-disk-can-do.md',
  },
  {
    title: 'Hostile input',
    names: ['hostile'],
    make: hostileSection,
    again: ['npm run hostile'],
    guide: 'guide/security.md',
  },
  {
    title: 'Real processes',
    names: ['chaos'],
    make: chaosSection,
    again: ['npm run chaos -- --minutes 60'],
    guide: 'guide/chaos.md',
  },
  {
    title: 'Every system call',
    names: ['chaos-calls'],
    make: callsSection,
    again: ['npm run chaos:calls'],
    guide: 'guide/chaos.md',
  },
  {
    title: 'The checker',
    names: ['check-exhaustive'],
    make: checkerSection,
    again: ['npm run check:exhaustive'],
    guide: 'guide/check.md',
  },
  {
    title: 'Bugs that were planted',
    names: ['teeth', 'checkers', 'explore-teeth', 'spec-teeth'],
    make: teethSection,
    again: ['npm run teeth:all', 'npm run teeth:checkers', 'npm run teeth:explore', 'node scripts/spec-teeth.js'],
    guide: 'guide/teeth.md',
  },
]

/** What `npm test` does of each: the short form. */
const SHORT = [
  ['`sim`', 'ten seeds, the plans that once failed, and one seed twice'],
  [
    '`unit`',
    'the explorer in small worlds, each step held against the specification; random walks of the core; every history of three operations for the checker; a sweep of disks in parts; hostile bytes for every decoder',
  ],
  [
    '`scripts`, `paper`',
    'conversations of servers and the statements of the paper, each step held against the specification and the invariants',
  ],
  ['`lab`', 'the tests of the Raft lab on a virtual clock'],
  ['`runtime`', 'whole nodes with disks and networks that fail'],
  ['`cluster`, `chaos`', 'real processes, killed; two seconds of chaos'],
  ['`docs`', 'that this page is what the evidence says'],
]

/** @param notes what people have written: bugs found on the way, and what is not checked */
export function correctness(evidence, notes) {
  const sections = SECTIONS.flatMap((section) => describe(section, evidence, notes))
  return `${[
    '# What was checked',
    '',
    'This page is made by `npm run report` from what the campaigns themselves wrote, which lies in [evidence](../evidence) ([format](formats/evidence.md)). `npm run prove` runs all of them for an hour and prints the same page of its own results.',
    '',
    ...summary(evidence, notes),
    ...sections,
    ...foundSection(notes),
    ...uncheckedSection(notes),
    ...shortSection(),
  ].join('\n')}\n`
}

function named(evidence, ...names) {
  return evidence.filter(({ name }) => names.includes(name))
}

/** The totals that the page, the README and the goals are about. */
export function totalsOf(evidence, found = []) {
  return {
    sim: sumOfCampaigns(named(evidence, 'sim'), found),
    explore: sumOfExplorations(named(evidence, 'explore')),
    sweep: sweepOf(named(evidence, 'disk-sweep')),
    hostile: sumOfHostile(named(evidence, 'hostile')),
    chaos: sumOfChaos(named(evidence, 'chaos')),
    calls: callsOf(named(evidence, 'chaos-calls')),
    teeth: sumOfTeeth(named(evidence, 'teeth')),
  }
}

function summary(evidence, { found, unchecked }) {
  const totals = totalsOf(evidence, found)
  const { sim, explore, chaos, teeth } = totals
  const commits = commitsOf(evidence)
  const faults = (sim?.faultCount ?? 0) + (chaos?.faultCount ?? 0)
  const goal = (name, reached, wanted, words = count) => [name, words(reached), words(wanted), shareOf(reached, wanted)]
  return [
    '## In short',
    '',
    `${paragraph(totals)} All of it ran on ${commits.length === 1 ? 'one commit' : `${commits.length} commits`}${evidence.length === 0 ? '' : `, ${duration(evidence.reduce((sum, { durationMs }) => sum + durationMs, 0))} together, the newest ${evidence.at(-1).date.slice(0, 10)}`}.`,
    '',
    ...table(
      ['goal', 'reached:', 'wanted:', ''],
      [
        goal('seeds of the simulator', sim?.seeds ?? 0, GOALS.seeds),
        goal('simulated time', sim?.simulatedMs ?? 0, GOALS.simulatedMs, duration),
        goal('faults, of the simulator and of chaos', faults, GOALS.faults),
        goal('states of the explorer', explore?.states ?? 0, STATES_GOAL),
        goal('planted bugs found', teeth?.found ?? 0, BUGS_GOAL),
      ],
    ),
    '',
    `On the way ${found.length} faults of our own were [found and mended](#found-and-mended). ${unchecked.length} things are [not checked](#what-is-not-checked).`,
    '',
  ]
}

/** One paragraph of what was done, for this page and for the README. */
export function paragraph(totals) {
  const { sim, explore, sweep, hostile, chaos, calls, teeth } = totals
  const parts = [
    ...(sim
      ? [
          `${count(sim.runs)} simulated clusters (${count(sim.seeds)} seeds) lived ${duration(sim.simulatedMs)} of virtual time through ${count(sim.faultCount)} faults and ${count(sim.elections)} elections, with ${count(sim.histories.linearizable)} histories of clients found linearizable`,
        ]
      : []),
    ...(explore ? [`the explorer went through ${count(explore.states)} distinct states of the real core`] : []),
    ...(sweep ? [`${count(sweep.cases)} faults of one disk were tried on a cluster of three`] : []),
    ...(hostile ? [`${count(hostile.inputs + hostile.bodies)} hostile inputs were tried`] : []),
    ...(chaos
      ? [`real processes met ${count(chaos.faultCount)} faults and did ${count(chaos.operations.ok)} operations`]
      : []),
    ...(calls ? [`${count(calls.points)} system calls were made to fail`] : []),
    ...(teeth ? [`of the ${BUGS_GOAL} planted bugs ${teeth.found} were found`] : []),
  ]
  if (parts.length === 0) return 'Nothing has been run yet.'
  const text = parts.join('; ')
  const bad = failuresIn(totals)
  const end = bad.length === 0 ? 'Nothing failed.' : `Failed: ${bad.join('; ')}.`
  return `${text[0].toUpperCase()}${text.slice(1)}. ${end}`
}

function failuresIn({ sim, explore, sweep, hostile, chaos, calls }) {
  const counts = [
    [
      sim?.failed ?? 0,
      `runs of the simulator (${sim?.open === 0 ? 'all mended since' : `kinds of failure that are still open: ${sim?.open}`})`,
    ],
    [explore?.violations.length ?? 0, 'explorations'],
    [sweep?.counts.failed ?? 0, 'cases of the sweep'],
    [hostile?.findings.length ?? 0, 'findings of hostile input'],
    [chaos?.phases.failed ?? 0, 'phases of chaos'],
    [calls?.failed ?? 0, 'failing calls'],
  ]
  return counts.filter(([times]) => times > 0).map(([times, words]) => `${times} ${words}`)
}

function describe({ title, names, make, again, guide }, evidence, notes) {
  const lines = make(named(evidence, ...names), notes) ?? ['Not run yet.']
  const commands = again.map((command) => `\`${command}\``).join(', ')
  return [`## ${title}`, '', ...lines, '', `Again: ${commands}. [More](${guide}).`, '']
}

function foundSection({ found }) {
  return [
    '## Found and mended',
    '',
    'What these campaigns, and the walks and tests before them, found in our own code:',
    '',
    ...table(
      ['what', 'where', 'found by', 'test', 'the command that shows it'],
      found.map(({ what, where, by, test, again }) => [what, where, by, test, `\`${again}\``]),
    ),
    '',
  ]
}

function uncheckedSection({ unchecked }) {
  return ['## What is not checked', '', ...unchecked.map((words) => `- ${words}`), '']
}

function shortSection() {
  return [
    '## The short form',
    '',
    'Every commit gets a little of each in `npm test`:',
    '',
    ...table(['step', 'what it does of the above'], SHORT),
    '',
    '`npm run prove -- --minutes 2` is between that and the hour.',
  ]
}
