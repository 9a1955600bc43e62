// `npm run prove` without what it runs: how the time is shared out, and what becomes of programs that end badly.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'

type Result = Readonly<Record<string, unknown>>

interface Task {
  readonly stdout?: boolean
  command(file: string, before: readonly Result[]): readonly string[] | null
}

interface Step {
  readonly name: string
  readonly minutes: number
  readonly tasks: readonly Task[]
}

interface Performed {
  readonly result: Result | null
  readonly isSound: boolean
  readonly words: string
}

/** The scripts are plain JavaScript, without types. */
const load = (path: string): Promise<unknown> => import(new URL(`../../scripts/prove/${path}`, import.meta.url).href)
const { NAMES, stepsOf } = (await load('steps.js')) as {
  NAMES: readonly string[]
  stepsOf(options: object): readonly Step[]
}
const { perform } = (await load('perform.js')) as {
  perform(name: string, task: Task, folder: string, before: readonly Result[], say: () => void): Promise<Performed>
}

const folder = mkdtempSync(join(tmpdir(), 'quorate-prove-test-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** What comes of a program that is one line of JavaScript and prints its result. */
function performed(name: string, code: string): Promise<Performed> {
  return perform(name, { stdout: true, command: () => ['-e', code] }, folder, [], () => undefined)
}

const minutesOf = (steps: readonly Step[]): number => steps.reduce((sum, { minutes }) => sum + minutes, 0)

test('the time is shared out, all of it, and who is alone has it all', () => {
  const all = stepsOf({ minutes: 60, only: NAMES, firstSeed: 1 })
  expect(minutesOf(all)).toBeCloseTo(60)
  expect(all.find(({ name }) => name === 'sim')?.minutes).toBeGreaterThan(30)
  expect(stepsOf({ minutes: 60, only: ['sim'], firstSeed: 1 })).toMatchObject([{ name: 'sim', minutes: 60 }])
})

test('no seed of the simulator runs twice', () => {
  const [sim] = stepsOf({ minutes: 25, only: ['sim'], firstSeed: 1000 })
  const before = [{ runs: 70 }, { runs: 5 }]
  const seeds = sim?.tasks.map(({ command }, i) => command('', before.slice(0, i))?.at(-1))
  expect(seeds).toEqual(['1000', '1070', '1075'])
})

test('what a program prints is its result, with what was run and when', async () => {
  const { result, isSound } = await performed('sim', 'console.log(JSON.stringify({ runs: 3 }))')
  expect(isSound).toBe(true)
  expect(result).toMatchObject({ name: 'sim', runs: 3, durationMs: expect.any(Number), date: expect.any(String) })
})

test('a result with a bad exit status is kept, and counts as failed', async () => {
  const code = 'console.log(JSON.stringify({ runs: 3 })); process.exitCode = 1'
  expect(await performed('sim', code)).toMatchObject({ result: { runs: 3 }, isSound: false, words: 'exit status 1' })
})

test('a program that breaks off has failed; one that this machine cannot run has not', async () => {
  const broken = await performed('chaos', 'throw new Error("out of luck")')
  expect(broken).toMatchObject({ result: null, isSound: false })
  const refused = await performed('chaos', 'console.error("needs the right to mount"); process.exitCode = 2')
  expect(refused).toMatchObject({ result: null, isSound: true })
  expect(refused.words).toBe('no result, exit status 2: needs the right to mount')
})
