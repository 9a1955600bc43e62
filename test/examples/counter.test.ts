// The example is run as a reader would run it, on what `npm run build` has made.
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'

const run = promisify(execFile)
const PROGRAM = new URL('../../examples/counter/counter.js', import.meta.url).pathname

describe('examples/counter', () => {
  test('counts on with one server gone', { timeout: 15_000 }, async () => {
    const { stdout } = await run(process.execPath, [PROGRAM], { timeout: 14_000 })
    const lines = stdout.trimEnd().split('\n')
    expect(lines.slice(0, 4)).toEqual([
      'a: added 10, the counter is at 10',
      'b: added 10, the counter is at 20',
      'c: added 10, the counter is at 30',
      'c: reads 30',
    ])
    expect(lines[4]).toMatch(/^[abc] leads, and is stopped$/)
    expect(lines[5]).toMatch(/^[abc]: added 12, the counter is at 42$/)
    expect(lines[6]).toMatch(/^[abc]: reads 42$/)
  })
})
