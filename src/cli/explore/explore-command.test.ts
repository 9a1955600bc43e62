import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { plantTwoVotes } from '../../explore/testing/planted-bugs.ts'
import { readExploreArguments } from './explore-arguments.ts'
import { exploreCommand } from './explore-command.ts'

const TINY = '--servers 2 --terms 1 --log 1 --proposals 1 --crashes 0 --heartbeats 0'

/** What the command prints, and its exit status. */
async function explore(args: string): Promise<{ readonly status: number; readonly printed: string }> {
  let printed = ''
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    printed += String(text)
    return true
  })
  const status = await exploreCommand(args.split(' '))
  return { status, printed }
}

afterEach(() => vi.restoreAllMocks())

describe('quorate explore', () => {
  test('0 when all was seen: the figures are printed', async () => {
    const { status, printed } = await explore(TINY)
    expect(status).toBe(0)
    expect(printed).toContain('exhausted: every state within the bounds was seen, and no property is broken')
    expect(printed).toContain('19 distinct states, 23 steps taken')
  })

  test('1 when a property is broken: the way to it is printed as a script', async () => {
    plantTwoVotes()
    const { status, printed } = await explore('--terms 1 --log 1')
    expect(status).toBe(1)
    expect(printed).toContain('VIOLATION: One Vote')
    expect(printed).toContain('\nservers 3 preVote=off noopAtTermStart=off\ntimeout s')
  })

  test('3 when a limit comes first', async () => {
    const { status, printed } = await explore('--servers 2 --max-states 100')
    expect(status).toBe(3)
    expect(printed).toMatch(/not exhausted: as many states as --max-states says.*states wait/s)
  })

  test('as one object, and nothing left in the folder', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'quorate-explore-test-'))
    const { printed } = await explore(`${TINY} --json --folder ${folder}`)
    expect(JSON.parse(printed)).toMatchObject({ ending: 'exhausted', states: 19, depth: 11, script: null })
    expect(readdirSync(folder)).toEqual([])
    rmSync(folder, { recursive: true })
  })
})

describe('its arguments', () => {
  test('a preset, and what is different from it', () => {
    const { bounds } = readExploreArguments(['--preset', 'crashes', '--terms', '3', '--noop', '--per-pair', '2'])
    expect(bounds).toMatchObject({ crashes: 1, unsynced: true, terms: 3, noop: true, perPair: 2 })
  })

  test.each([
    ['--servers 6', '--servers 6: give a whole number from 2 to 5'],
    ['--servers 4 --spares 2', 'quorate explore: 4 servers and 2 spares are 6: at most 5 together'],
    ['--preset all', '--preset all: the presets are elections, replication, crashes, membership, snapshots'],
    ['--noop --no-noop', '--noop and --no-noop: choose one of them'],
    ['elections', 'quorate explore elections: what to explore is said with options only'],
    ['--term 2', "quorate explore: Unknown option '--term'; quorate explore --help lists the options"],
  ])('%s is refused', (args, message) => {
    expect(() => readExploreArguments(args.split(' '))).toThrow(message)
  })
})
