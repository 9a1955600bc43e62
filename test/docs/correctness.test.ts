// docs/correctness.md is what the evidence says, and nothing else; how evidence is added up is looked at with small results.
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

type Result = Readonly<Record<string, unknown>>

interface Found {
  readonly what: string
  readonly where: string
  readonly by: string
  readonly test: string
  readonly again: string
  readonly simSeeds?: readonly number[]
}

interface Notes {
  readonly found: readonly Found[]
  readonly unchecked: readonly string[]
}

/** The report is plain JavaScript, without types. */
const ROOT = new URL('../../', import.meta.url)
const load = (path: string): Promise<unknown> => import(new URL(`scripts/report/${path}`, ROOT).href)
const { readEvidence, readNotes } = (await load('evidence.js')) as {
  readEvidence(folder: string): readonly Result[]
  readNotes(folder: string): Notes
}
const { correctness } = (await load('page.js')) as { correctness(evidence: readonly Result[], notes: Notes): string }
const { withParagraph } = (await load('readme.js')) as {
  withParagraph(readme: string, evidence: readonly Result[], notes: Notes): string
}

const FOLDER = fileURLToPath(new URL('evidence', ROOT))
const textOf = (path: string): string => readFileSync(new URL(path, ROOT), 'utf8')
const evidence = readEvidence(FOLDER)
const notes = readNotes(FOLDER)

const HEAD = { date: '2026-01-01T00:00:00.000Z', durationMs: 60_000, node: '20.20.2' }
const COMMIT = 'a'.repeat(40)

/** A campaign of the simulator, with nothing in it but what is said. */
function campaign(given: Result): Result {
  const figures = { runs: 100, guided: 25, events: 0, simulatedMs: 0, elections: 0, commits: 0, acknowledged: 0 }
  const counts = { histories: { linearizable: 0, unknown: 0 }, faults: {}, situations: {}, failures: [] }
  return { name: 'sim', commit: COMMIT, firstSeed: 1, ...HEAD, ...figures, ...counts, ...given }
}

function pageOf(...results: readonly Result[]): string {
  return correctness(results, { found: notes.found, unchecked: [] })
}

test('the page is up to date: npm run report', () => {
  expect(textOf('docs/correctness.md')).toBe(correctness(evidence, notes))
})

test('so are the numbers in the README', () => {
  expect(textOf('README.md')).toBe(withParagraph(textOf('README.md'), evidence, notes))
})

test('what was mended has tests, and they are there', () => {
  const files = notes.found.flatMap(({ test: words }) => words.match(/[\w/.-]+\.(?:ts|json|txt)\b/g) ?? [])
  expect(files.filter((file) => !existsSync(new URL(file, ROOT)))).toEqual([])
  expect(files.length).toBeGreaterThan(notes.found.length / 2)
})

test('what was not run is not claimed', () => {
  const page = pageOf()
  expect(page.match(/^Not run yet\.$/gm)).toHaveLength(8)
  expect(page).toContain('Nothing has been run yet.')
  expect(page).toContain('| seeds of the simulator | 0 | 1,000,000 | 0 % |')
})

test('campaigns are added up, changed plans are no seeds, and what an operator does is no fault', () => {
  const faults = { crash: 40, rot: 2, add: 7 }
  const page = pageOf(campaign({ faults }), campaign({ firstSeed: 101, runs: 200, guided: 0, faults }))
  expect(page).toContain('| runs | 300 |')
  expect(page).toContain('| seeds of the simulator | 275 |')
  expect(page).toContain('| faults, of the simulator and of chaos | 84 |')
  expect(page).toContain('| disks | 4 | rot 4 |')
})

test('the same seeds at the same commit count once', () => {
  const [long, short] = [campaign({ runs: 100 }), campaign({ firstSeed: 90, runs: 50 })]
  expect(pageOf(short, long)).toContain('| runs | 100 |')
  expect(pageOf(short, long)).toContain('Left out: 1 whose seeds another run at the same commit had.')
  expect(pageOf({ ...short, commit: 'b'.repeat(40) }, long)).toContain('| runs | 150 |')
})

test('a run that failed is named, and open until somebody has mended it', () => {
  const failure = { isOfSeed: true, property: 'Durable State' }
  const page = pageOf(
    campaign({
      failures: [
        { ...failure, seed: 117 },
        { ...failure, seed: 118 },
      ],
    }),
  )
  expect(page).toContain('Failed: 2 runs of the simulator (kinds of failure that are still open: 1).')
  expect(page).toMatch(/\| Durable State \| aaaaaaa \| 2 \| 117, 118 \| Cutting off a torn write[^|]*; \*\*open\*\* \|/)
})

test('of explorations the largest of each set of bounds counts', () => {
  const run = { name: 'explore', commit: COMMIT, ...HEAD, generated: 1, depth: 1, steps: 5, cpuMs: 1, violation: null }
  const some = { ...run, bounds: { terms: 2 }, states: 1000, spec: true, ending: 'stopped' }
  const all = { ...some, states: 3000, ending: 'exhausted' }
  const page = pageOf(all, some, { ...run, bounds: { terms: 3 }, states: 500, spec: false, ending: 'stopped' })
  expect(page).toContain('3,500 distinct states, 2 steps from one to another, the largest run 3,000; 5 distinct steps')
  expect(page).toContain('| terms 3 | 500 | 1 | 1 | 5, not judged |')
})

test('a bug is found when one engine has found it, and a number when all forms of it are', () => {
  const form = (number: number, id: string, found: boolean) => ({
    ...{ number, id, title: `bug ${id}` },
    engines: { sim: { found, by: 'Commit Rule', count: 5 }, explore: { reason: 'no disk' }, lab: { found: false } },
  })
  const bugs = [form(1, 'a', true), form(2, 'b', true), form(2, 'c', false), form(60, 'd', true)]
  const page = pageOf({ name: 'teeth', commit: COMMIT, ...HEAD, units: { sim: 'seeds', lab: 'runs' }, bugs })
  expect(page).toContain('Found by at least one engine: 1 of 55, and 3 of all 4 forms.')
  expect(page).toContain('| 1 | bug a | Commit Rule, 5 |  |  | – |  |')
  expect(page).toContain('Found by nobody: bug c.')
})
