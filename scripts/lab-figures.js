// Writes docs/lab-figures.md: what our Raft needs for each of the lab's tests, beside what the lab's text shows and the
// best that others have published.
//
//   node scripts/lab-figures.js [--runs 10] [--seed 1] [--jobs 1] [--wall] [--run PATTERN] [--out docs/lab-figures.md]
//
// --wall also runs each test once on the wall clock, one after the other, which takes about five minutes: leave the
// machine alone meanwhile. Needs what `npm run build` makes.
import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { fileURLToPath } from 'node:url'
import { parseArgs, promisify } from 'node:util'
import { spreadOf } from '../dist/cli/statistics.js'
import { FIGURES, SOURCES } from './lab-figures-data.js'

const ABOVE = '▲'
const root = fileURLToPath(new URL('..', import.meta.url))

const { values: options } = parseArgs({
  options: {
    runs: { type: 'string', default: '10' },
    seed: { type: 'string', default: '1' },
    jobs: { type: 'string', default: '1' },
    run: { type: 'string', default: '' },
    wall: { type: 'boolean', default: false },
    out: { type: 'string', default: `${root}docs/lab-figures.md` },
  },
})

const choice = options.run === '' ? [] : ['--run', options.run]
const virtualArgs = ['--json', ...choice, '--runs', options.runs, '--seed', options.seed, '--jobs', options.jobs]
const wallArgs = ['--json', ...choice, '--clock', 'wall', '--seed', options.seed]

const virtual = byTest(await lab(virtualArgs))
const wall = options.wall ? byTest(await lab(wallArgs)) : new Map()
writeFileSync(options.out, document())
console.log(`${options.out} is written`)

/** The runs of one command. */
async function lab(args) {
  const { stdout } = await promisify(execFile)(process.execPath, [`${root}bin/quorate.js`, 'lab', ...args], {
    cwd: root,
    maxBuffer: 2 ** 30,
  }).catch((failed) => failed)
  const objects = stdout.trimEnd().split('\n').map(JSON.parse)
  return objects.filter(({ summary }) => summary !== true)
}

function byTest(runs) {
  const tests = new Map()
  for (const run of runs) tests.set(run.test, [...(tests.get(run.test) ?? []), run])
  return tests
}

function document() {
  return `# The lab's figures

Each test of the lab with our Raft, beside the figures in the lab's text and the best public ones. Written by \`npm run lab:figures\` on ${new Date().toISOString().slice(0, 10)}; ${machine()}.

${ABOVE} marks a number of RPCs or bytes above the lab's own. Bytes are those of request and reply bodies: the lab's encoder also sends a description of each type in every message, some 50 to 150 bytes each way, which ours does not, so compare bytes with that in mind. Seconds on the virtual clock are simulated: they hold no time of the processor.

## Virtual clock

${options.runs} seeds from ${options.seed} up, mean ± deviation: \`npx quorate lab ${virtualArgs.join(' ')}\`

${virtualTable()}
${wallSection()}
## Sources

The lab's own: the sample output in the text of 6.824 Lab 2 (2022). The best public ones, as seconds (RPCs/bytes/commits), on other machines and several testers:

${Object.entries(SOURCES)
  .map(([letter, source]) => `- ${letter}: ${source}`)
  .join('\n')}
`
}

function virtualTable() {
  const rows = [...virtual].map(([test, runs]) => {
    const lab = FIGURES.get(test)?.lab ?? null
    const passed = runs.filter((run) => run.passed)
    const failed = runs.length - passed.length
    return [
      failed === 0 ? test : `${test} (**${failed} of ${runs.length} failed**)`,
      spread(passed, 'seconds', 1),
      marked(passed, 'rpcs', lab),
      marked(passed, 'bytes', lab),
      spread(passed, 'commits', 0),
      lab === null ? '–' : `${lab.seconds.toFixed(1)} / ${lab.rpcs} / ${lab.bytes} / ${lab.commits}`,
      FIGURES.get(test)?.best ?? '–',
    ]
  })
  const headings = ['test', 'seconds', 'RPCs', 'bytes', 'commits', 'lab: s / RPCs / bytes / commits', 'best public']
  return markdown(headings, [...rows, sumRow()])
}

/** The seconds of the whole, ours and the lab's. */
function sumRow() {
  const means = [...virtual.values()].map((runs) => spreadOf(runs.map((run) => run.seconds)).mean)
  const labs = [...virtual.keys()].flatMap((test) => FIGURES.get(test)?.lab?.seconds ?? [])
  return ['all', sum(means).toFixed(1), '', '', '', `${sum(labs).toFixed(1)} (${labs.length} tests)`, '']
}

function wallSection() {
  if (wall.size === 0) return ''
  const rows = [...wall].map(([test, [run]]) => {
    const lab = FIGURES.get(test)?.lab ?? null
    const cells = [run.seconds.toFixed(1), (run.cpuMs / 1000).toFixed(2), aboveMark(run.rpcs, lab?.rpcs)]
    return [run.passed ? test : `${test} (**failed**)`, ...cells, aboveMark(run.bytes, lab?.bytes), run.commits]
  })
  const runs = [...wall.values()].flat()
  const total = [sum(runs.map((run) => run.seconds)).toFixed(1), (sum(runs.map((run) => run.cpuMs)) / 1000).toFixed(2)]
  return `
## Wall clock

Once, one test after the other; CPU is user and system time of the whole process, the tester's part included: \`npx quorate lab ${wallArgs.join(' ')}\`

${markdown(['test', 'seconds', 'CPU seconds', 'RPCs', 'bytes', 'commits'], [...rows, ['all', ...total, '', '', '']])}
`
}

function spread(runs, figure, digits) {
  if (runs.length === 0) return '–'
  const { mean, deviation } = spreadOf(runs.map((run) => run[figure]))
  return `${mean.toFixed(digits)} ± ${deviation.toFixed(digits)}`
}

function marked(runs, figure, lab) {
  const { mean } = spreadOf(runs.map((run) => run[figure]))
  return lab !== null && mean > lab[figure] ? `${spread(runs, figure, 0)} ${ABOVE}` : spread(runs, figure, 0)
}

function aboveMark(value, limit) {
  return limit !== undefined && value > limit ? `${value} ${ABOVE}` : String(value)
}

function markdown(headings, rows) {
  const line = (cells) => `| ${cells.join(' | ')} |`
  return [line(headings), line(headings.map(() => '---')), ...rows.map(line)].join('\n')
}

function machine() {
  const [first] = cpus()
  return `Node ${process.version} on ${cpus().length} cores of ${first?.model.trim() ?? 'an unknown processor'}`
}

function sum(numbers) {
  return numbers.reduce((total, number) => total + number, 0)
}
