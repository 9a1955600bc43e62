// Each example is run as a reader would run it: three processes, one of which is killed.
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'

const run = promisify(execFile)

async function linesOf(name: string): Promise<string[]> {
  const program = new URL(`../../examples/${name}/${name}.js`, import.meta.url).pathname
  const { stdout } = await run(process.execPath, [program], { timeout: 19_000 })
  return stdout.trimEnd().split('\n')
}

describe('examples', () => {
  test('election: another leads, with a higher token', { timeout: 20_000 }, async () => {
    const [first, killed, second] = await linesOf('election')
    expect(first).toMatch(/^[abc] leads the nightly job$/)
    expect(killed).toBe(`${first?.[0]} is killed`)
    expect(second).toMatch(/^[abc] leads, with a higher token$/)
    expect(second?.[0]).not.toBe(first?.[0])
  })

  test('lock: the next has it, and a late write is refused', { timeout: 20_000 }, async () => {
    const [first, killed, second, late] = await linesOf('lock')
    expect(first).toMatch(/^[abc] has the lock, and its write is taken$/)
    expect(killed).toBe(`${first?.[0]} is killed`)
    expect(second).toMatch(/^[abc] has the lock, and its write is taken$/)
    expect(late).toBe(`a late write of ${first?.[0]} is refused`)
  })

  test('map: the next write succeeds, and every change is seen', { timeout: 20_000 }, async () => {
    const lines = await linesOf('map')
    expect(lines[0]).toMatch(/^[abc]: set color to red$/)
    expect(lines[1]).toMatch(/^[abc], which led the cluster, is killed$/)
    expect(lines[2]).toMatch(/^[abc]: set size to large$/)
    expect(lines[3]).toMatch(/^[abc]: saw color=red, then size=large$/)
  })
})
