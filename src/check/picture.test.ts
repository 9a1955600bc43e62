import { Script } from 'node:vm'
import { describe, expect, test } from 'vitest'
import { checkLinearizability } from './check.ts'
import { register } from './models.ts'
import { type Operation, operationsOf } from './operation.ts'
import { drawPicture } from './picture.ts'
import { layOut } from './picture-layout.ts'
import { SCRIPT } from './picture-page.ts'
import { randomHistory } from './testing/random-history.ts'

const at = (invoked: number, completed: number | null, f: string, value: unknown, result?: unknown): Operation => ({
  process: `<p${invoked}>`,
  f,
  value,
  result,
  invoked,
  completed,
})

/** A write, a lost write, a read of neither, and a read that began behind the break. */
const BROKEN = [at(1, 4, 'write', 1), at(2, null, 'write', 2), at(3, 6, 'read', null, 3), at(7, 8, 'read', null, 1)]

const broken = checkLinearizability(BROKEN, register)
const [part] = broken.parts

describe('the layout', () => {
  const layout = part && layOut(part, register)
  const bars = layout?.bars ?? []

  test('has a bar for each operation, in the order of time, and says what became of it', () => {
    expect(bars.map(({ operation, kind, from, to }) => [operation.invoked, kind, from, to])).toEqual([
      [1, 'placed', 0, 3],
      [2, 'open', 1, 6],
      [3, 'breaking', 2, 4],
      [7, 'open', 5, 6],
    ])
  })

  test('gives a place of the order a column within its bar, and the state on both sides', () => {
    expect(bars[0]?.place).toEqual({ number: 1, before: 'null', after: '1' })
    expect(bars[0]?.at).toBe(0.5)
  })

  test('keeps the order from left to right, however many there are between two moments', () => {
    const operations = operationsOf(randomHistory({ seed: 9, operations: 600, clients: 60 }))
    const last = operations.at(-1) as Operation
    const wrong = [...operations, at(last.invoked + 1000, last.invoked + 1001, 'read', null, 'never')]
    const [whole] = checkLinearizability(wrong, register).parts
    const placed = (whole && layOut(whole, register)?.bars.filter(({ place }) => place !== null)) ?? []
    expect(placed).toHaveLength(operations.length)
    for (const { at: column, from, to } of placed) expect(column).toSatisfy((x: number) => x > from && x < to)
    const columns = placed
      .toSorted((a, b) => (a.place?.number ?? 0) - (b.place?.number ?? 0))
      .map((bar) => bar.at as number)
    expect(columns).toEqual(columns.toSorted((a, b) => a - b))
  })

  test('of what does not break is none', () => {
    const [sound] = checkLinearizability(BROKEN.slice(0, 1), register).parts
    expect(sound && layOut(sound, register)).toBeNull()
  })
})

describe('the page', () => {
  const page = drawPicture(broken, register, 'a<b>.jsonl')

  test('needs nothing from elsewhere', () => {
    expect(page).not.toMatch(/\b(https?:|src=|href=|@import|url\()/)
  })

  test('has a script that is one', () => {
    expect(() => new Script(SCRIPT)).not.toThrow()
    expect(page).toContain(SCRIPT)
  })

  test('escapes what comes from the history', () => {
    expect(page).toContain('<h1>a&lt;b&gt;.jsonl: not linearizable</h1>')
    expect(page).not.toContain('<p1>')
  })

  test('tells of each bar its invocation, its result, its place and the states', () => {
    expect(page.match(/<button /g)).toHaveLength(4)
    expect(page).toContain(
      'title="write 1 → ok\nprocess &lt;p1&gt;, invoked at 1, completed at 4\nnumber 1 in the order: null before it, 1 behind it"',
    )
    expect(page).toContain(
      'read → 3\nprocess &lt;p3&gt;, invoked at 3, completed at 6\nno order has a place for it; the one that is drawn ends in 1"',
    )
  })

  test('stays small enough to open, however long the history is', () => {
    const reads = Array.from({ length: 5000 }, (_, i) => at(2 * i, 2 * i + 1, 'read', null, null))
    const wrong = [...reads, at(20_000, 20_001, 'read', null, 1)]
    const large = drawPicture(checkLinearizability(wrong, register), register, 'large')
    expect(large.match(/<button /g)).toHaveLength(2000)
    expect(large).toContain('3001 earlier operations are not drawn.')
    expect(large.length).toBeLessThan(1_000_000)
  })
})
