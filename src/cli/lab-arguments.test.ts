import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { chooseTests } from './choose-tests.ts'
import { readLabArguments } from './lab-arguments.ts'
import { loadRaft } from './load-raft.ts'
import { UsageError } from './usage.ts'

describe('the arguments of quorate lab', () => {
  test('have defaults, but for the seed, which is another each time', () => {
    const [first, second] = [readLabArguments([]), readLabArguments([])]
    expect(first).toMatchObject({ run: '', runs: 1, jobs: 1, clock: 'virtual', raft: null, race: false, log: null })
    expect(first.seed).not.toBe(second.seed)
  })

  test.each([
    [['--log'], 16],
    [['--log', '--race'], 16],
    [['--log', 'vote,LEAD'], 2],
    [['--log=PERS'], 1],
  ])('%j asks for %i topics', (args, topics) => {
    expect(readLabArguments(args).log?.size).toBe(topics)
  })

  test.each([
    [['--frobnicate'], "Unknown option '--frobnicate'"],
    [['2A'], 'say --run 2A'],
    [['--runs', '0'], '--runs 0: give a whole number from 1'],
    [['--seed', '1.5'], '--seed 1.5: give a whole number'],
    [['--seed=-1'], '--seed -1: give a whole number from 0'],
    [['--seed'], 'argument missing'],
    [['--jobs', 'many'], '--jobs many: give a whole number'],
    [['--clock', 'sun'], '--clock sun: the clocks are virtual and wall'],
    [['--log', 'FOO'], '--log FOO: the topics are CLNT, CMIT'],
    [['--log', '--json'], 'choose one of them'],
    [['--log', '--jobs', '2'], 'leave out --jobs'],
    [['--trace', 'a.html', '--jobs', '2'], '--trace shows one run: leave out --jobs'],
    [['--trace', 'a.html', '--runs', '2'], '--trace shows one run: leave out --runs'],
    [['--trace'], 'argument missing'],
  ])('%j is refused in one line', (args, words) => {
    expect(() => readLabArguments(args)).toThrow(UsageError)
    expect(() => readLabArguments(args)).toThrow(words)
    expect(() => readLabArguments(args)).not.toThrow('\n')
  })
})

describe('every command of the guide works:', () => {
  const guide = readFileSync(new URL('../../docs/guide/lab.md', import.meta.url), 'utf8')
  const commands = [...guide.matchAll(/npx quorate lab( [^`\n]*)?/g)].map(
    ([, args = '']) => args.split(/ {2}|:/)[0] ?? '',
  )

  test.each(commands)('quorate lab%s', (text) => {
    const args = text.split(' ').filter((word) => word !== '')
    expect(chooseTests(readLabArguments(args).run).length).toBeGreaterThan(0)
  })
})

describe('tests are chosen', () => {
  const names = (pattern: string): string[] => chooseTests(pattern).map(({ name }) => name)

  test('all 28 by no pattern', () => {
    expect(names('')).toHaveLength(28)
  })

  test('by a part, whatever number the course gives it', () => {
    expect(names('3D')).toEqual(names('2D').map((name) => name.replace('2D', '3D')))
    expect(chooseTests('4B')[0]?.title).toBe('Test (4B): basic agreement')
  })

  test('by their title', () => {
    expect(names('churn$')).toEqual(['TestReliableChurn2C', 'TestUnreliableChurn2C'])
    expect(names('^Test \\(2C\\): Figure 8$')).toEqual(['TestFigure82C'])
  })

  test.each(['TestNothing', '5A', '('])('%s chooses none', (pattern) => {
    expect(() => chooseTests(pattern)).toThrow(UsageError)
  })
})

test.each([
  ['nowhere.js', 'there is no such file'],
  ['src/cli/usage.ts', /does not run TypeScript|no function 'make'/],
])('the Raft %s is refused', async (file, words) => {
  await expect(loadRaft(file)).rejects.toThrow(words)
})
