// The rules of the house, each on the whole tree, and each shown a violation that it must find: a guard that has never
// bitten guards nothing.

import { describe, expect, test } from 'vitest'
import { checkDirection, checkRings, DIRECTION } from './house-rules/imports.ts'
import { checkLinks, checkNoDependencies, checkPinned } from './house-rules/papers.ts'
import { checkPorts, PORTS } from './house-rules/ports.ts'
import { checkPurity } from './house-rules/purity.ts'
import { checkFileSizes, checkFunctionSizes, measureFile, measureFunctions, median } from './house-rules/sizes.ts'
import { isForTests, parse, type SourceFile, type Violation } from './house-rules/source-file.ts'
import { listFiles, readSources, readText, readTexts } from './house-rules/tree.ts'
import {
  checkCitations,
  checkCommentedCode,
  checkDocComments,
  checkSwitchedOffTests,
  checkTypeHoles,
  checkUnfinished,
  checkWorkplace,
} from './house-rules/wording.ts'

const paths = listFiles()
const sources = readSources(paths)
const texts = readTexts(paths)
const library = sources.filter(({ path }) => path.startsWith('src/') && !isForTests(path))
// The rules' own planted violations stand in this file and would be found.
const withoutUs = <File extends { readonly path: string }>(files: readonly File[]): File[] =>
  files.filter(({ path }) => path !== 'test/house-rules.test.ts')

/** Whether a rule finds something in these lines. */
function bites(
  rule: (files: readonly SourceFile[]) => Violation[],
  path: string,
  ...lines: readonly string[]
): boolean {
  return rule([parse(path, lines.join('\n'))]).length > 0
}

describe('imports', () => {
  test('run one way', () => {
    expect(checkDirection(sources)).toEqual([])
  })

  test('that run the other way are refused, with the direction', () => {
    const [violation] = checkDirection([parse('src/util/a.ts', '\nimport { Raft } from "../raft/raft.ts"')])
    expect(violation).toBe(`src/util/a.ts:2: imports ../raft/raft.ts: util does not see raft (${DIRECTION})`)
  })

  test.each([
    ['src/raft/a.ts', '../storage/log-store.ts'],
    ['src/storage/a.ts', '../transport/transport.ts'],
    ['src/runtime/a.ts', '../lab/run.ts'],
    ['src/runtime/a.ts', '../io/system-clock.ts'],
    ['src/lab/a.ts', '../io/system-clock.ts'],
    ['src/index.ts', './lab/index.ts'],
    ['src/io/a.ts', '../raft/raft.ts'],
    ['src/io/a.ts', '../cli/main.ts'],
    ['src/raft/a.ts', './testing/cluster.ts'],
    ['src/raft/a.ts', '../testing/manual-clock.ts'],
    ['src/testing/a.ts', '../io/system-clock.ts'],
    ['src/testing/a.ts', '../kv/index.ts'],
    ['src/raft/a.ts', 'node:fs'],
    ['src/io/a.ts', 'pino'],
    ['apps/server/src/a.ts', '../../../src/index.ts'],
  ])('%s may not import %s', (path, specifier) => {
    expect(bites(checkDirection, path, `import { a } from '${specifier}'`)).toBe(true)
    expect(bites(checkDirection, path, `export type { A } from '${specifier}'`)).toBe(true)
    expect(bites(checkDirection, path, `const a = await import('${specifier}')`)).toBe(true)
  })

  test.each([
    ['src/io/a.ts', '../util/clock.ts'],
    ['src/cli/a.ts', '../lab/index.ts'],
    ['src/raft/a.test.ts', './testing/cluster.ts'],
    ['src/cli/a.ts', '@quorate/server'],
    ['apps/server/src/a.ts', 'quorate'],
  ])('%s may import %s', (path, specifier) => {
    expect(bites(checkDirection, path, `import { a } from '${specifier}'`)).toBe(false)
  })

  test('close no ring of files at run time', () => {
    expect(checkRings(sources, false)).toEqual([])
  })

  test('close no ring of files by types either', () => {
    expect(checkRings(sources, true)).toEqual([])
  })

  test('that close a ring are found, and a type counts only when asked for', () => {
    const a = parse('src/raft/a.ts', 'import { b } from "./b.ts"')
    const b = parse('src/raft/b.ts', 'import { c } from "./c.ts"')
    const closing = parse('src/raft/c.ts', 'export { a } from "./a.ts"')
    const byType = parse('src/raft/c.ts', 'import { type A } from "./a.ts"')
    expect(checkRings([a, b, closing], false)[0]).toMatch(
      'src/raft/a.ts → src/raft/b.ts → src/raft/c.ts → src/raft/a.ts',
    )
    expect(checkRings([a, b, byType], false)).toEqual([])
    expect(checkRings([a, b, byType], true)).toHaveLength(1)
  })
})

describe('pure folders', () => {
  test('use no clock, no chance and no host', () => {
    expect(checkPurity(sources)).toEqual([])
  })

  test.each([
    'const now = Date.now()',
    'const chance = Math.random()',
    'setTimeout(f, 1)',
    'const b = { Buffer }',
    'let at: Date',
    'names.sort((a, b) => a.localeCompare(b))',
    'const c = globalThis["crypto"]',
  ])('refuse %s', (line) => {
    expect(bites(checkPurity, 'src/lab/a.ts', line)).toBe(true)
  })

  test('may name a method or a property so', () => {
    expect(
      bites(checkPurity, 'src/lab/a.ts', 'const a = { process: 1 }', 'a.process()', 'class B { process() {} }'),
    ).toBe(false)
    expect(bites(checkPurity, 'src/io/a.ts', 'setTimeout(f, 1)')).toBe(false)
  })
})

describe('ports', () => {
  test('have six methods at most, each with its contract', () => {
    expect(checkPorts(sources)).toEqual([])
  })

  test('that grow, or move away, are found', () => {
    const port = (name: string, ...methods: readonly string[]): SourceFile =>
      parse(PORTS[name] ?? '', `export interface ${name} {${methods.join('\n')}}`)
    const others = sources.filter(({ path }) => path !== PORTS['Clock'])
    const methods = ['a', 'b', 'c', 'd', 'e', 'f'].map((name) => `/** Does it. */ ${name}(): void`)
    expect(checkPorts([...others, port('Clock', ...methods)])).toEqual([])
    expect(checkPorts([...others, port('Clock', ...methods, '/** Too. */ g?: () => void')])).toEqual([
      'src/util/clock.ts: Clock has 7 methods, more than 6: make them fewer, or two ports',
    ])
    expect(checkPorts([...others, port('Clock', 'now(): number')])).toHaveLength(1)
    expect(checkPorts(others)).toHaveLength(1)
  })
})

describe('sizes', () => {
  test('of files stay within what one sitting holds', () => {
    expect(checkFileSizes(sources)).toEqual([])
  })

  test('of functions stay within a screen', () => {
    expect(checkFunctionSizes(sources)).toEqual([])
  })

  test('are short at the median: files under 200 lines, functions under ten', () => {
    const files = library.map((file) => measureFile(file).lines)
    const functions = library.flatMap(measureFunctions).map(({ lines }) => lines)
    const long = functions.filter((lines) => lines > 40).length
    console.info(
      `library: ${files.length} files, median ${median(files)} lines, longest ${Math.max(...files)}; ` +
        `${functions.length} functions, median ${median(functions)} lines, longest ${Math.max(...functions)}, ${long} over 40`,
    )
    expect(median(files)).toBeLessThan(200)
    expect(median(functions)).toBeLessThan(10)
  })

  test('that are too much are found, unless they say why', () => {
    const long = (count: number): string[] => Array.from({ length: count }, () => 'f()')
    expect(bites(checkFileSizes, 'src/raft/a.ts', ...long(450))).toBe(false)
    expect(bites(checkFileSizes, 'src/raft/a.ts', ...long(451))).toBe(true)
    expect(bites(checkFileSizes, 'src/raft/a.ts', '/** Long because it is a table. */', ...long(451))).toBe(false)
    expect(bites(checkFunctionSizes, 'src/raft/a.ts', 'function f() {', ...long(58), '}')).toBe(false)
    expect(bites(checkFunctionSizes, 'src/raft/a.ts', 'function f() {', ...long(59), '}')).toBe(true)
    expect(bites(checkFunctionSizes, 'src/raft/a.ts', 'class A { b() {', ...long(59), '} }')).toBe(true)
    const excused = ['/** Long because it is one switch. */', 'export function f() {', ...long(59), '}']
    expect(bites(checkFunctionSizes, 'src/raft/a.ts', ...excused)).toBe(false)
  })
})

describe('citations', () => {
  test('say whether they are of the Paper or of the Thesis', () => {
    expect(checkCitations(withoutUs(sources))).toEqual([])
  })

  test.each([
    ['// As in §5.3.', true],
    ['// Obeys Paper §5.3. But see §8.', true],
    ['/** Leader election (§5.2). */', true],
    ['// Leader election (Paper §5.2, §5.4.1; Thesis §9.6).', false],
  ])('%s', (line, isRefused) => {
    expect(bites(checkCitations, 'src/raft/a.ts', line)).toBe(isRefused)
  })
})

describe('nothing is left lying about:', () => {
  test('no unfinished business and no silenced warning', () => {
    expect(checkUnfinished(withoutUs(sources))).toEqual([])
    expect(bites(checkUnfinished, 'src/raft/a.ts', '// TODO: later')).toBe(true)
    expect(bites(checkUnfinished, 'src/raft/a.ts', '/* FIXME */')).toBe(true)
    expect(bites(checkUnfinished, 'src/raft/a.ts', '// @ts-ignore')).toBe(true)
    expect(bites(checkUnfinished, 'src/raft/a.ts', '// biome-ignore lint/style/a')).toBe(true)
    expect(bites(checkUnfinished, 'src/raft/a.ts', '// biome-ignore lint/style/a: the port wants it so')).toBe(false)
  })

  test('no code in comments', () => {
    expect(checkCommentedCode(withoutUs(sources))).toEqual([])
    expect(bites(checkCommentedCode, 'src/raft/a.ts', '// const a = f(b)')).toBe(true)
    expect(bites(checkCommentedCode, 'src/raft/a.ts', '// Once:', '// if (a > b) {')).toBe(true)
    expect(bites(checkCommentedCode, 'src/raft/a.ts', '// if (as it may be) nothing was sent, wait')).toBe(false)
    expect(bites(checkCommentedCode, 'src/raft/a.ts', '// return when it is durable')).toBe(false)
  })

  test('no hole in the types', () => {
    expect(checkTypeHoles(sources)).toEqual([])
    expect(bites(checkTypeHoles, 'src/raft/a.ts', 'let a: any')).toBe(true)
    expect(bites(checkTypeHoles, 'src/raft/a.ts', 'const a = b!.c')).toBe(true)
    expect(bites(checkTypeHoles, 'src/raft/a.ts', 'const a = !b; let any: unknown')).toBe(false)
  })

  test('no test that is switched off or tried again', () => {
    expect(checkSwitchedOffTests(sources)).toEqual([])
    expect(bites(checkSwitchedOffTests, 'test/a.test.ts', 'test.skip("a", () => {})')).toBe(true)
    expect(bites(checkSwitchedOffTests, 'test/a.test.ts', 'describe.only("a", () => {})')).toBe(true)
    expect(bites(checkSwitchedOffTests, 'test/a.test.ts', 'test("a", { retry: 2 }, () => {})')).toBe(true)
    expect(bites(checkSwitchedOffTests, 'test/a.test.ts', 'test.each([1])("a", () => {})')).toBe(false)
    expect(bites(checkSwitchedOffTests, 'test/a.test.ts', 'describe.runIf(canMount)("a", () => {})')).toBe(false)
  })

  test('no trace of the place where it was written', () => {
    expect(checkWorkplace(withoutUs(texts))).toEqual([])
    const finds = (path: string, text: string): boolean => checkWorkplace([{ path, text }]).length > 0
    expect(finds('docs/a.md', 'cd /home/ada/quorate')).toBe(true)
    expect(finds('src/raft/a.ts', '"/tmp/x"')).toBe(true)
    expect(finds('src/raft/a.test.ts', '"/tmp/x"')).toBe(false)
    expect(finds('.npmrc', 'registry=http://npm.example.net:4873/')).toBe(true)
    expect(finds('docs/a.md', 'data lies in /var/lib/quorate; see https://www.npmjs.com/')).toBe(false)
  })
})

describe('what others call', () => {
  test('has a doc comment', () => {
    expect(checkDocComments(sources)).toEqual([])
  })

  test.each([
    ['export function f() {}', true],
    ['export class A {}', true],
    ['// Not a doc comment.\nexport interface A {}', true],
    ['/** Far away. */\nconst a = 1\nexport interface A {}', true],
    ['/** What it is for. */\nexport function f() {}', false],
    ['export { a } from "./a.ts"', false],
    ['/** The log. */\nimport { a } from "./a.ts"\nexport class RaftLog {}', false],
    ['/** The log. */\nimport { a } from "./a.ts"\nexport class Segment {}', true],
    ['/** Reads. */\nexport function decodeA() {}\nexport function encodeA() {}', false],
    ['export interface A {\n/** How far. */\nb: number }', false],
    ['export interface A {\n/** How far. */\nb: number\nc: number }', true],
  ])('%j', (text, isRefused) => {
    expect(bites(checkDocComments, 'src/raft/log.ts', text)).toBe(isRefused)
  })
})

describe('packages', () => {
  test('leave the library without a dependency', () => {
    expect(checkNoDependencies(readText('package.json'))).toEqual([])
    const planted = { path: 'package.json', text: '{ "dependencies": { "left-pad": "1.0.0" }, "devDependencies": {} }' }
    expect(checkNoDependencies(planted)).toHaveLength(1)
  })

  test('are pinned to one version everywhere', () => {
    expect(checkPinned(texts.filter(({ path }) => path.endsWith('package.json')))).toEqual([])
    const planted = (version: string): Violation[] =>
      checkPinned([{ path: 'package.json', text: JSON.stringify({ devDependencies: { a: version } }) }])
    const loose = ['^1.0.0', '~1.0.0', '1.x', 'latest', '*', 'npm:other@^1.0.0']
    expect(loose.filter((version) => planted(version).length === 0)).toEqual([])
    expect(['1.2.3', 'file:../..', 'npm:@other/name@1.2.3'].flatMap(planted)).toEqual([])
  })
})

describe('links between pages', () => {
  test('lead somewhere', () => {
    const pages = texts.filter(({ path }) => path.endsWith('.md'))
    expect(checkLinks(pages, new Set(paths))).toEqual([])
  })

  test('that lead nowhere are found', () => {
    const page = (text: string): Violation[] =>
      checkLinks([{ path: 'docs/a.md', text: `# The log\n${text}` }], new Set(['docs/a.md', 'src/raft/log.ts']))
    expect(
      page('[log](../src/raft/log.ts), [folder](../src/raft/), [here](#the-log), [net](https://raft.github.io)'),
    ).toEqual([])
    expect(page('[log](../src/log.ts)')).toEqual(['docs/a.md: [../src/log.ts]: there is no src/log.ts'])
    expect(page('[log](#the-wire)')).toEqual(['docs/a.md: [#the-wire]: docs/a.md has no heading #the-wire'])
  })
})
