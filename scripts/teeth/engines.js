// The engines that look for a planted bug. Each is given a copy with the bug in it, a sound one, and a limit in seconds of
// processor time, and says what it has found: `by` what, after how many of its `units`, in how many seconds.
import { join } from 'node:path'
import { runNode } from './children.js'
import { explore } from './explore.js'
import { ROOT } from './planting.js'
import { runStages, stagesFor } from './tests.js'

/** The machine may be busy with something else: that a process hangs is said after so many times its limit. */
const PATIENCE = 8
/** A run of the simulator takes one second; one that takes so long will not end. */
const ENDLESS_RUN_S = 60
const MAX_SEED = 1_000_000
/** The explorer is limited in whole minutes, in which a busy machine leaves it so many seconds. */
const EXPLORER_PACE_S = 30

/** @returns the engines by name; `unit` is what each counts */
export function makeEngines(limitS) {
  const simulator = new Simulator(limitS)
  return {
    sim: { unit: 'seeds', run: ({ folder, sound }) => simulator.run(folder, sound) },
    explore: { unit: 'states', run: ({ folder, bounds }) => runExplorer(folder, bounds, limitS) },
    tests: { unit: 'tests', run: ({ folder, mutation }) => runTests(folder, mutation) },
    lab: { unit: 'runs', run: ({ folder }) => runLab(folder, limitS) },
    sweep: { unit: 'cases', run: ({ folder }) => runSweep(folder, limitS) },
  }
}

function found(by, count, seconds, more = {}) {
  return { found: true, by, count, seconds: round(seconds), ...more }
}

function notFound(count, seconds, more = {}) {
  return { found: false, count, seconds: round(seconds), ...more }
}

function round(seconds) {
  return Math.round(seconds * 10) / 10
}

/**
 * Seeds from 1. A seed that breaks a property counts when it breaks none without the bug. Where nothing is planted, `sound`
 * is null: then all seeds are counted that break something.
 */
class Simulator {
  constructor(limitS) {
    this.limitS = limitS
    /** What seeds say of the sound library. */
    this.soundVerdicts = new Map()
  }

  async run(folder, sound) {
    let [first, seeds, seconds] = [1, 0, 0]
    const broke = []
    while (seconds < this.limitS) {
      const { runs, seconds: more, broken } = await runSeeds(folder, first, MAX_SEED, this.limitS - seconds)
      seeds += runs
      seconds += more
      if (broken === null) break
      const { seed, property, detail } = broken
      if (sound === null) broke.push({ seed, property, detail })
      else if (await this.isSound(sound, seed)) return found(property, seeds, seconds, { seed, detail })
      first = seed + 1
    }
    if (broke.length === 0) return notFound(seeds, seconds)
    const by = broke.map(({ seed, property }) => `seed ${seed}: ${property}`).join('; ')
    return found(by, seeds, seconds, { broke })
  }

  async isSound(folder, seed) {
    if (!this.soundVerdicts.has(seed)) {
      const { broken } = await runSeeds(folder, seed, seed, this.limitS)
      this.soundVerdicts.set(seed, broken === null)
    }
    return this.soundVerdicts.get(seed)
  }
}

/** What sim-runs.js says; a run that does not end breaks the property that it should. */
export async function runSeeds(folder, first, last, limitS, wanted = '') {
  const runner = join(ROOT, 'scripts/teeth/sim-runs.js')
  let seed = first
  const { output, errors, isLate } = await runNode([runner, folder, `${first}`, `${last}`, `${limitS}`, wanted], {
    cwd: folder,
    limitMs: (limitS * PATIENCE + ENDLESS_RUN_S) * 1000,
    onLine: (line) => {
      if (line.startsWith('run ')) seed = Number(line.slice(4))
      return false
    },
  })
  const result = lastObject(output)
  if (result !== null) return result
  const detail = isLate ? 'the run does not end' : (errors.trim().split('\n').at(-1) ?? '')
  const property = isLate ? 'Every Run Ends' : 'No Crash of the Simulator'
  return { runs: seed - first + 1, seconds: limitS, broken: { seed, property, detail, atMs: 0 } }
}

async function runExplorer(folder, bounds, limitS) {
  const { ending, states, depth, cpuMs, violation } = await explore(folder, bounds, Math.ceil(limitS / EXPLORER_PACE_S))
  const isFound = ending === 'violation' || ending === 'a step without an end'
  if (!isFound && !['exhausted', 'states', 'memory', 'stopped'].includes(ending))
    return found(ending, states, cpuMs / 1000)
  if (!isFound) return notFound(states, cpuMs / 1000, { depth, ending })
  const [by, ...detail] = (violation ?? ending).split(': ')
  return found(by, states, cpuMs / 1000, { depth, detail: detail.join(': ') })
}

async function runTests(folder, mutation) {
  const begun = performance.now()
  const [first] = await runStages(folder, stagesFor(mutation))
  const seconds = (performance.now() - begun) / 1000
  return first === undefined ? notFound(null, seconds) : found(first, null, seconds)
}

async function runLab(folder, limitS) {
  let runs = 0
  let broken = null
  let seconds = 0
  const args = ['dist/cli/main.js', 'lab', '--json', '--seed', '1', '--runs', '1000']
  const { isLate, errors, code } = await runNode(args, {
    cwd: folder,
    limitMs: (limitS * PATIENCE + ENDLESS_RUN_S) * 1000,
    onLine: (line) => {
      const one = lastObject(line)
      if (one === null || one.summary === true) return false
      runs++
      seconds += one.wallMs / 1000
      if (!one.passed) broken = one
      return broken !== null || seconds >= limitS
    },
  })
  if (broken !== null) {
    const by = broken.property === null ? broken.test : `${broken.test}: ${broken.property}`
    return found(by, runs, seconds, { seed: broken.seed, detail: broken.error })
  }
  if (isLate) return found('a test that does not end', runs, limitS)
  if (code !== null && code > 1) return found(errors.trim().split('\n').at(-1), runs, seconds)
  return notFound(runs, seconds)
}

async function runSweep(folder, limitS) {
  const runner = join(ROOT, 'scripts/teeth/sweep-cases.js')
  const limitMs = (limitS * PATIENCE + ENDLESS_RUN_S) * 1000
  const { output, errors, isLate } = await runNode([runner, folder, `${limitS}`], { cwd: folder, limitMs })
  const result = lastObject(output)
  if (result === null) return found(isLate ? 'a case that does not end' : errors.trim().split('\n').at(-1), 0, limitS)
  const { runs, seconds, broken } = result
  if (broken === null) return notFound(runs, seconds)
  return found(broken.property, runs, seconds, { detail: broken.detail, case: broken.name })
}

function lastObject(output) {
  const line = output.trim().split('\n').at(-1) ?? ''
  try {
    return line.startsWith('{') ? JSON.parse(line) : null
  } catch {
    return null
  }
}
