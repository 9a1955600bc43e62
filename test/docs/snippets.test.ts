// What the pages show is run, as a reader would run it who installed the library and pasted the lines.

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { listFiles, readTexts } from '../house-rules/tree.ts'
import { matchesOutput, snippetsOf } from './snippet.ts'
import { Workshop } from './workshop.ts'

const pages = readTexts(listFiles().filter((path) => path.endsWith('.md')))
const snippets = pages.flatMap(({ path, text }) => snippetsOf(path, text))

let workshop: Workshop
beforeAll(() => {
  workshop = new Workshop()
})
afterAll(() => workshop.close())

describe('a snippet', () => {
  test('is there at all, in the README and in the guide', () => {
    const places = snippets.map(({ place }) => place.replace(/:\d+$/, ''))
    expect(places).toContain('README.md')
    expect(places).toContain('docs/guide/getting-started.md')
  })

  test('compiles as it stands', async () => {
    expect(await workshop.check(snippets)).toBe('')
  }, 60_000)

  test.each(snippets.map((snippet, i) => ({ ...snippet, i })))(
    'runs: $place',
    async ({ i, ...snippet }) => {
      const { code, printed, errors } = await workshop.run(snippet, i)
      expect({ code, errors: code === 0 ? '' : errors }).toEqual({ code: 0, errors: '' })
      if (snippet.output !== null && !matchesOutput(printed, snippet.output)) expect(printed).toBe(snippet.output)
    },
    60_000,
  )
})

const pageWith = (...lines: readonly string[]): string => ['# A page', ...lines].join('\n')

test('a file that a page shows lies there for what comes behind it', async () => {
  const file = ['```js file one.js', 'export default 1', '```']
  const [before, behind] = snippetsOf('a.md', pageWith('```sh run', 'ls', '```', ...file, '```sh run', 'ls', '```'))
  expect([before?.files, behind?.files]).toEqual([{}, { 'one.js': 'export default 1\n' }])
  expect(behind && (await workshop.run(behind, 1002)).printed).toContain('one.js')
})

describe('a page that is wrong is found:', () => {
  test('code that does not compile', async () => {
    const [snippet] = snippetsOf('a.md', pageWith('```ts run', 'import { startNod } from "quorate"', 'startNod', '```'))
    const other = new Workshop()
    expect(snippet && (await other.check([snippet]))).toMatch(/has no exported member named 'startNod'/)
    other.close()
  }, 60_000)

  test('code that fails', async () => {
    const [snippet] = snippetsOf('a.md', pageWith('```ts run', 'throw new Error("no")', '```'))
    expect(snippet && (await workshop.run(snippet, 1000)).code).toBe(1)
    const [script] = snippetsOf('a.md', pageWith('```sh run', 'false', 'true', '```'))
    expect(script && (await workshop.run(script, 1001)).code).toBe(1)
  })

  test('output that differs', () => {
    const text = pageWith('```ts run', 'console.log(2)', '```', '', 'which prints', '', '```text output', '3', '```')
    expect(snippetsOf('a.md', text)).toEqual([
      { place: 'a.md:2', language: 'ts', code: 'console.log(2)\n', files: {}, output: '3\n' },
    ])
    expect(matchesOutput('2\n', '3\n')).toBe(false)
    expect(matchesOutput('took 12 ms\na\nb\nend\n', 'took … ms\n…\nend\n')).toBe(true)
    expect(matchesOutput('took 12 s\nend\n', 'took … ms\n…\nend\n')).toBe(false)
    expect(matchesOutput('3\n4\n', '3\n')).toBe(false)
  })

  test('output without a snippet, and a language that nobody can run', () => {
    expect(() => snippetsOf('a.md', pageWith('```text output', '3', '```'))).toThrow('a.md:2: this output belongs')
    expect(() => snippetsOf('a.md', pageWith('```hex run', '00', '```'))).toThrow('a.md:2: hex cannot be run')
  })
})
