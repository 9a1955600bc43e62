// The model of the examples, run as its first lines say: what the command prints, and its exit status.
import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, test } from 'vitest'

const QUORATE = fileURLToPath(new URL('../../bin/quorate.js', import.meta.url))
const EXAMPLES = fileURLToPath(new URL('../../examples/check', import.meta.url))
const QUEUES = join(EXAMPLES, 'queues.js')
const folder = mkdtempSync(join(tmpdir(), 'quorate-check-'))
afterAll(() => rmSync(folder, { recursive: true }))

interface Outcome {
  readonly status: number
  readonly printed: string
}

function check(...args: readonly string[]): Promise<Outcome> {
  return new Promise((resolve) => {
    execFile(process.execPath, [QUORATE, 'check', ...args], { cwd: folder }, (error, printed) =>
      resolve({ status: error === null ? 0 : Number(error.code), printed }),
    )
  })
}

describe('quorate check', () => {
  test('says yes to queues whose jobs come out in order', async () => {
    const { status, printed } = await check(join(EXAMPLES, 'in-order.jsonl'), '--model', QUEUES)
    expect(printed).toMatch(
      /^linearizable: 5 operations of 2 keys, 1 with an unknown outcome; model .*queues.js; .* ms\n$/,
    )
    expect(status).toBe(0)
  })

  test('says no when a job is handed out twice, and draws it', async () => {
    const { status, printed } = await check(join(EXAMPLES, 'twice.jsonl'), '--model', QUEUES)
    const picture = join('.quorate', 'check', 'twice.jsonl.html')
    expect(printed.split('\n').slice(1)).toEqual([
      'key "jobs": no order explains dequeue "jobs" → "a", of process 2, lines 4 to 6',
      '  the 2 completions before it have an order, which ends with dequeue "jobs" → "a"',
      `picture: ${picture}`,
      '',
    ])
    expect(status).toBe(1)
    expect(readFileSync(join(folder, picture), 'utf8')).toContain(
      'no order has a place for it; the one that is drawn ends in empty',
    )
  })
})
