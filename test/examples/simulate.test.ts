// The example's two commands, as its first lines say them, with fewer seeds.
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, expect, test } from 'vitest'

const QUORATE = fileURLToPath(new URL('../../bin/quorate.js', import.meta.url))
const TICKETS = fileURLToPath(new URL('../../examples/simulate/tickets.js', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'quorate-sim-'))
afterAll(() => rmSync(folder, { recursive: true }))

function simulate(env: object): Promise<{ readonly status: number; readonly printed: string }> {
  const args = [QUORATE, 'sim', '--seed', '12', '--workload', TICKETS, '--no-shrink']
  return new Promise((resolve) => {
    execFile(process.execPath, args, { cwd: folder, env: { ...process.env, ...env } }, (error, printed) =>
      resolve({ status: error === null ? 0 : Number(error.code), printed }),
    )
  })
}

test('what the snapshot leaves out is found', async () => {
  const { status, printed } = await simulate({})
  expect(printed).toContain('Determinism is broken')
  expect(status).toBe(1)
})

test('and with it, nothing is', async () => {
  const { status, printed } = await simulate({ FIXED: '1' })
  expect(printed).toContain('nothing bad happened')
  expect(status).toBe(0)
})
