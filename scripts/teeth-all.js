// Which engine finds which bug? Plants those of the published table (test/teeth/published.ts) one at a time, and lets the
// simulator, the explorer, the tests, the lab and the disk sweep look for each. A bug that nobody finds makes the exit code
// 1, and so does an engine that finds something where nothing is planted. See docs/guide/teeth.md.
//
//   npm run teeth:all                                      all of it: some hours
//   npm run teeth:all -- --only figure-8,52                by id or number
//   npm run teeth:all -- --engines sim,explore --limit 30  some engines, for so many seconds of processor time each
//   npm run teeth:all -- --json FILE                       adds to what is in FILE, so that it can be done in pieces
//   npm run teeth:all -- --again                           also what FILE has a result for
//
// --jobs N at a time (1), --control: the engines without any bug. Needs what `npm run build` makes.
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { commit, writeResult } from './results.js'
import { makeEngines } from './teeth/engines.js'
import { catalogue, plantCompiled, plantInSources, workplace } from './teeth/planting.js'
import { runProgram, UsageError } from './usage.js'

/** The bounds of the explorer where nothing is planted: the smaller of its presets. */
const CONTROL_BOUNDS = '--preset elections'

async function main() {
  const { values } = parseArgs({
    options: {
      only: { type: 'string' },
      engines: { type: 'string' },
      limit: { type: 'string', default: '60' },
      jobs: { type: 'string', default: '1' },
      json: { type: 'string' },
      again: { type: 'boolean', default: false },
      control: { type: 'boolean', default: false },
    },
  })
  const table = await catalogue('mutations', 'published', 'explorer-bounds')
  const bugs = values.control ? [] : chosen(table.PUBLISHED, values.only)
  const names = enginesOf(values.engines, table.ENGINES)
  const campaign = new Campaign(table, makeEngines(numberOf('limit', values.limit)), values)
  try {
    if (values.control) await campaign.control(names)
    await campaign.perform(bugs, names, numberOf('jobs', values.jobs))
  } finally {
    campaign.close()
  }
  if (campaign.reportMissed(bugs)) process.exitCode = 1
}

class Campaign {
  constructor(table, engines, { json, again, limit }) {
    this.table = table
    this.engines = engines
    this.limit = Number(limit)
    this.file = json ?? null
    this.begunAt = Date.now()
    this.before = this.file !== null && existsSync(this.file) ? JSON.parse(readFileSync(this.file, 'utf8')) : {}
    /** By id, then by engine. */
    this.results = new Map((this.before.bugs ?? []).map(({ id, engines: known }) => [id, known]))
    this.controls = this.before.control ?? {}
    this.isKnown = ({ id }, engine) => !again && this.results.get(id)?.[engine]?.found !== undefined
    this.folder = mkdtempSync(join(tmpdir(), 'quorate-teeth-all-'))
    this.sound = workplace(join(this.folder, 'sound'), { withTests: true })
  }

  close() {
    rmSync(this.folder, { recursive: true, force: true })
  }

  async perform(bugs, names, jobs) {
    const queue = [...bugs]
    const work = async (_, job) => {
      const folder = workplace(join(this.folder, `job-${job}`), { from: this.sound, withTests: true })
      for (let bug = queue.shift(); bug !== undefined; bug = queue.shift()) await this.plant(bug, names, folder)
    }
    await Promise.all(Array.from({ length: jobs }, work))
  }

  async plant(bug, names, folder) {
    for (const name of names) {
      const { [name]: reason } = bug.without
      if (reason !== undefined) this.record(bug, name, { reason })
      else if (!this.isKnown(bug, name)) this.record(bug, name, await this.look(bug, name, folder))
      else this.say(bug, name, this.results.get(bug.id)[name])
    }
  }

  async look(bug, name, folder) {
    const mutation = this.table.mutationOf(bug)
    const bounds = this.table.BOUNDS[bug.id]
    if (name === 'explore' && bounds === undefined) return { reason: 'no bounds of a size that can be had' }
    const places = this.table.placesOf(mutation)
    const takeOut = name === 'tests' ? plantInSources(folder, places) : await plantCompiled(folder, places)
    try {
      return { ...(await this.engines[name].run({ folder, sound: this.sound, mutation, bounds })), ...this.when() }
    } finally {
      takeOut()
    }
  }

  /** What the engines find where nothing is planted. */
  async control(names) {
    const folder = workplace(join(this.folder, 'control'), { from: this.sound, withTests: true })
    for (const name of names.filter((one) => one !== 'tests')) {
      const result = await this.engines[name].run({ folder, sound: null, bounds: CONTROL_BOUNDS })
      this.controls[name] = { ...result, ...this.when() }
      this.save()
      console.log(row({ number: 0, id: 'nothing' }, name, words(result, this.engines[name].unit)))
      if (result.found) process.exitCode = 1
    }
  }

  record(bug, name, result) {
    this.results.set(bug.id, { ...this.results.get(bug.id), [name]: result })
    this.say(bug, name, result)
    this.save()
  }

  say(bug, name, result) {
    console.log(row(bug, name, words(result, this.engines[name].unit)))
  }

  when() {
    return { limit: this.limit, date: new Date().toISOString(), commit: commit() }
  }

  save() {
    if (this.file === null) return
    const bugs = this.table.PUBLISHED.filter(({ id }) => this.results.has(id)).map(({ number, area, id, property }) => {
      const { title, source } = this.table.mutationOf({ id })
      return { number, area, id, title, source, property, engines: this.results.get(id) }
    })
    const units = Object.fromEntries(Object.entries(this.engines).map(([name, { unit }]) => [name, unit]))
    const spentMs = (this.before.spentMs ?? 0) + Date.now() - this.begunAt
    writeResult(this.file, 'teeth', this.begunAt, { spentMs, units, control: this.controls, bugs })
  }

  /** @returns true when there is a bug that nobody finds */
  reportMissed(bugs) {
    const isFound = ({ id }) => Object.values(this.results.get(id) ?? {}).some((result) => result.found === true)
    const missed = bugs.filter((bug) => !isFound(bug))
    if (bugs.length > 0) console.log(`${bugs.length - missed.length} of ${bugs.length} found`)
    for (const { number, id } of missed) console.log(`nobody finds ${number} ${id}`)
    return missed.length > 0
  }
}

function words({ found, by, count, seconds, reason, seed }, unit) {
  if (reason !== undefined) return `does not apply: ${reason}`
  const after = count === null ? `in ${seconds} s` : `${count} ${unit}, ${seconds} s`
  return found ? `${by} (${after}${seed === undefined ? '' : `, seed ${seed}`})` : `NOT FOUND (${after})`
}

function row({ number, id }, name, text) {
  return `${String(number).padStart(3)} ${id.padEnd(34)} ${name.padEnd(8)} ${text}`
}

function chosen(all, only) {
  const wanted = only?.split(',') ?? []
  const unknown = wanted.find((one) => !all.some(({ id, number }) => one === id || one === String(number)))
  if (unknown !== undefined) throw new UsageError(`no bug is called ${unknown}: see test/teeth/published.ts`)
  return only === undefined ? all : all.filter(({ id, number }) => wanted.includes(id) || wanted.includes(`${number}`))
}

function enginesOf(text, known) {
  const wanted = text?.split(',') ?? known
  const unknown = wanted.find((one) => !known.includes(one))
  if (unknown !== undefined) throw new UsageError(`there is no engine ${unknown}: choose among ${known.join(', ')}`)
  return wanted
}

function numberOf(name, text) {
  const value = Number(text)
  if (!(value > 0)) throw new UsageError(`--${name} wants a number above 0, not ${text}`)
  return value
}

await runProgram('teeth:all', main)
