// What `quorate check` says, and with which status it ends.

import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, test, vi } from 'vitest'
import { UsageError } from '../usage.ts'
import { checkCommand } from './check-command.ts'

const EXAMPLES = fileURLToPath(new URL('../../../examples', import.meta.url))
const QUEUES = join(EXAMPLES, 'check', 'queues.js')
const TWICE = join(EXAMPLES, 'check', 'twice.jsonl')
const folder = mkdtempSync(join(tmpdir(), 'quorate-check-'))
afterAll(() => rmSync(folder, { recursive: true }))

async function check(...args: readonly string[]): Promise<{ readonly status: number; readonly printed: string }> {
  let printed = ''
  const write = vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    printed += String(text)
    return true
  })
  const status = await checkCommand(args).finally(() => write.mockRestore())
  return { status, printed }
}

function write(name: string, ...lines: readonly (object | string)[]): string {
  const file = join(folder, name)
  writeFileSync(file, lines.map((line) => `${typeof line === 'string' ? line : JSON.stringify(line)}\n`).join(''))
  return file
}

const read = (process: number, value: unknown): object[] => [
  { process, type: 'invoke', f: 'read', value: null },
  { process, type: 'ok', f: 'read', value },
]

describe('quorate check', () => {
  test('says yes, and which model it took', async () => {
    const { status, printed } = await check(write('fresh.jsonl', ...read(0, null), '', ...read(1, null)))
    expect(printed).toMatch(/^linearizable: 2 operations; model register; .* ms\n$/)
    expect(status).toBe(0)
  })

  test('says no to programs as well, and puts the picture where it is told', async () => {
    const out = join(folder, 'pictures', 'stale.html')
    const { status, printed } = await check(
      write('stale.jsonl', ...read(0, null), ...read(0, 5)),
      '--json',
      '--out',
      out,
    )
    expect(JSON.parse(printed)).toMatchObject({
      ...{ verdict: 'not', model: 'register', events: 4, operations: 2, keys: 1, exhausted: null, picture: out },
      breaks: [{ operation: { f: 'read', result: 5, line: 3, completedLine: 4 }, completionsBefore: 1, order: [1] }],
    })
    expect([status, existsSync(out)]).toEqual([1, true])
  })

  test('says that it does not know when the time is up, and never yes', async () => {
    const events = (process: number, f: string, value: unknown): object[] =>
      ['invoke', 'ok'].map((type) => ({ process, type, f, key: 'x', value }))
    const puts = Array.from({ length: 40 }, (_, process) => events(process, 'enqueue', process))
    const atOnce = [...puts.map(([invoke]) => invoke), ...puts.map(([, ok]) => ok)] as object[]
    const history = write('hard.jsonl', ...atOnce, ...events(99, 'dequeue', 'nothing'))
    const { status, printed } = await check(history, '--model', QUEUES, '--time-limit', '0.05')
    expect(printed).toMatch(/^unknown: 41 operations; .*\nthe time limit was reached before key "x" had a verdict\n$/)
    expect(status).toBe(3)
  })

  test('says what it can do', async () => {
    expect(await check('--help')).toMatchObject({ status: 0, printed: expect.stringContaining('--time-limit SEC') })
  })

  test.each([
    [[], 'quorate check: say which history, such as history.jsonl'],
    [['gone.jsonl'], 'quorate check gone.jsonl: it cannot be read: ENOENT'],
    [[EXAMPLES], 'it cannot be read: EISDIR'],
    [[QUEUES], `${QUEUES}: line 1: this is no JSON: // A model`],
    [[TWICE], 'line 1: there is no enqueue: a key knows get, put, append, delete, cas'],
    [[TWICE, '--model', 'gone.js'], '--model gone.js: there is no such file'],
    [
      [TWICE, '--model', join(EXAMPLES, 'counter', 'machine.js')],
      "it does not export 'init', the state at the beginning",
    ],
    [['a', 'b'], 'quorate check: one history at a time, not also b'],
    [['a', '--time-limit', 'long'], '--time-limit long: it must be a number of seconds above 0'],
  ])('refuses %j in one line', async (args, words) => {
    await expect(check(...args)).rejects.toThrow(UsageError)
    await expect(check(...args)).rejects.toThrow(words)
    await expect(check(...args)).rejects.not.toThrow('\n')
  })
})
