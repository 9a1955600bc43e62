import { beforeEach, describe, expect, test } from 'vitest'
import { NodeError, type NodeErrorCode } from '../errors.ts'
import type { RequestOptions } from '../node-options.ts'
import { TestClock } from '../testing/test-clock.ts'
import { proposeUntilAnswered } from './retry.ts'
import { wordsOfError } from './testing/words.ts'

const ANSWER = new Uint8Array([7])

let clock: TestClock
/** When each attempt began, and how long it might take. */
let attempts: string[]

beforeEach(() => {
  clock = new TestClock()
  attempts = []
})

/** What becomes of one attempt after another; the last one stands for all that follow. */
type Script = readonly (Uint8Array | Error | 'silence')[]

function failed(code: string, applied: 'no' | 'unknown'): NodeError {
  return new NodeError(`ERR_QUORATE_${code}` as NodeErrorCode, 'so it is', applied)
}

async function outcome(script: Script, options: RequestOptions = {}): Promise<string> {
  const propose = async (_payload: Uint8Array, { timeoutMs = 0 }: RequestOptions): Promise<Uint8Array> => {
    const result = script[Math.min(attempts.length, script.length - 1)]
    attempts.push(`${clock.now()}+${timeoutMs}`)
    if (result instanceof Uint8Array) return result
    if (result instanceof Error) throw result
    await new Promise<void>((resolve) => void clock.schedule(timeoutMs, resolve))
    throw failed('OUTCOME_UNKNOWN', 'unknown')
  }
  let words = 'nothing yet'
  proposeUntilAnswered({ clock, requestTimeoutMs: 5000, propose }, new Uint8Array(0), options).then(
    (answer) => {
      words = `answer ${answer[0]}`
    },
    (error: unknown) => {
      words = wordsOfError(error)
    },
  )
  await clock.advance(60_000)
  return words
}

describe('a session’s entry is proposed', () => {
  test('once when it is answered', async () => {
    expect(await outcome([ANSWER])).toBe('answer 7')
    expect(attempts).toEqual(['0+1000'])
  })

  test.each([
    ['NO_LEADER', 'no'],
    ['OUTCOME_UNKNOWN', 'unknown'],
    ['SUPERSEDED', 'no'],
  ] as const)('again after %s', async (code, applied) => {
    expect(await outcome([failed(code, applied), ANSWER])).toBe('answer 7')
    expect(attempts).toEqual(['0+1000', '20+2000'])
  })

  test.each(['OVERLOADED', 'DISK_FULL'])(
    'no more after %s, unless an attempt before may have got through',
    async (code) => {
      expect(await outcome([failed(code, 'no'), ANSWER])).toBe(`${code} no`)
      attempts = []
      expect(await outcome([failed('OUTCOME_UNKNOWN', 'unknown'), failed(code, 'no'), ANSWER])).toBe('answer 7')
    },
  )

  test.each(['STOPPED', 'ABORTED', 'TOO_LARGE', 'ANSWER_LOST', 'SESSION_EXPIRED', 'TOO_MANY_SESSIONS'])(
    'no more after %s, and what went before is not forgotten',
    async (code) => {
      expect(await outcome([failed(code, 'no'), ANSWER])).toBe(`${code} no`)
      attempts = []
      expect(await outcome([failed('OUTCOME_UNKNOWN', 'unknown'), failed(code, 'no')])).toBe(`${code} unknown`)
    },
  )

  test('ever more patiently while nobody answers, and no longer than was asked for', async () => {
    expect(await outcome(['silence'], { timeoutMs: 12_000 })).toBe('OUTCOME_UNKNOWN unknown')
    expect(attempts).toEqual(['0+1000', '1020+2000', '3040+4000', '7060+4000', '11080+920'])
  })

  test('certainly without effect when no attempt can have had one', async () => {
    expect(await outcome([failed('NO_LEADER', 'no')], { timeoutMs: 200 })).toBe('NO_LEADER no')
    attempts = []
    const [first, rest] = [failed('OUTCOME_UNKNOWN', 'unknown'), failed('NO_LEADER', 'no')]
    expect(await outcome([first, rest], { timeoutMs: 200 })).toBe('NO_LEADER unknown')
    expect(attempts.length).toBeGreaterThan(5)
  })

  test('for as long as the node says, when the call does not', async () => {
    await outcome(['silence'])
    expect(attempts.at(-1)).toBe('3040+1960')
  })

  test('once when what fails is no request', async () => {
    expect(await outcome([new TypeError('a bug'), ANSWER])).toBe('TypeError: a bug')
  })
})
