import { beforeEach, describe, expect, test } from 'vitest'
import { KeptAnswers, MAX_KEPT_BYTES, MAX_KEPT_BYTES_PER_SESSION } from './kept-answers.ts'

let answers: KeptAnswers

beforeEach(() => {
  answers = new KeptAnswers()
})

function bytes(...values: number[]): Uint8Array {
  return new Uint8Array(values)
}

/** Kept serials of session 1, of the first ten. */
function kept(): number[] {
  return Array.from({ length: 10 }, (_, i) => i + 1).filter((serial) => answers.find(1, serial) !== null)
}

describe('an answer', () => {
  test('is kept for the session and the number that it belongs to', () => {
    answers.keep(1, 7, bytes(1))
    answers.keep(2, 7, bytes(2))
    expect([answers.find(1, 7), answers.find(2, 7)]).toEqual([bytes(1), bytes(2)])
    expect([answers.find(1, 8), answers.find(3, 7)]).toEqual([null, null])
  })

  test('is copied, since its buffer may be used again', () => {
    const answer = bytes(5)
    answers.keep(1, 1, answer)
    answer.fill(0)
    expect(answers.find(1, 1)).toEqual(bytes(5))
  })

  test('is let go of when the client has it, and those behind it stay', () => {
    for (const serial of [4, 1, 3, 2]) answers.keep(1, serial, bytes(serial))
    answers.release(1, 2)
    expect(kept()).toEqual([3, 4])
    answers.release(1, 1)
    answers.release(9, 5)
    expect(kept()).toEqual([3, 4])
    answers.release(1, 2 ** 47)
    expect([kept(), answers.bytes]).toEqual([[], 0])
  })

  test('is let go of with its session', () => {
    answers.keep(1, 1, bytes(1))
    answers.keep(2, 1, bytes(1))
    answers.forget(1)
    answers.forget(1)
    expect([kept(), answers.find(2, 1)]).toEqual([[], bytes(1)])
    answers.clear()
    expect([answers.find(2, 1), answers.bytes]).toEqual([null, 0])
  })
})

describe('there is room', () => {
  test('for so many bytes a session; what does not fit is not kept, and what is smaller may be', () => {
    expect(answers.keep(1, 1, new Uint8Array(MAX_KEPT_BYTES_PER_SESSION - 200))).toBe(true)
    expect(answers.keep(1, 2, new Uint8Array(200))).toBe(false)
    expect(answers.keep(1, 3, new Uint8Array(10))).toBe(true)
    expect(kept()).toEqual([1, 3])
    answers.release(1, 1)
    expect(answers.keep(1, 4, new Uint8Array(200))).toBe(true)
  })

  test('for so many bytes in all', () => {
    const most = new Uint8Array(MAX_KEPT_BYTES_PER_SESSION - 64)
    for (let session = 1; session <= 16; session++) expect(answers.keep(session, 1, most)).toBe(true)
    expect(answers.bytes).toBe(MAX_KEPT_BYTES)
    expect(answers.keep(17, 1, bytes())).toBe(false)
    answers.forget(3)
    expect(answers.keep(17, 1, bytes())).toBe(true)
  })

  test('for many empty ones only so far: they are no small thing either', () => {
    let serial = 1
    while (answers.keep(1, serial, bytes())) serial++
    expect(serial).toBeLessThan(MAX_KEPT_BYTES_PER_SESSION / 32)
  })
})
