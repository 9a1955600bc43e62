import { beforeEach, describe, expect, test } from 'vitest'
import { MAX_SERIALS_AHEAD, MAX_SESSIONS, MAX_TTL_MS, MIN_TTL_MS, SessionTable } from './session-table.ts'
import { close, command, keepAlive, open, speaker, tick } from './testing/words.ts'

let table: SessionTable
let say: ReturnType<typeof speaker>

beforeEach(() => {
  table = new SessionTable()
  say = speaker(table)
})

function ids(): number[] {
  return [...table.rows()].map(({ id }) => id)
}

describe('the table', () => {
  test('names a session by the entry that opened it', () => {
    say(0, tick)
    say(0, open(1000))
    say(0, open(1000))
    expect(ids()).toEqual([2, 3])
  })

  test('lets a command through once', () => {
    say(0, open(1000))
    expect([say(0, command(1, 1)), say(0, command(1, 1)), say(0, command(1, 1))]).toEqual(['apply', 'repeat', 'repeat'])
  })

  test('lets the commands of a session come in any order', () => {
    say(0, open(1000))
    expect([3, 1, 2].map((serial) => say(0, command(1, serial)))).toEqual(['apply', 'apply', 'apply'])
    expect([1, 2, 3].map((serial) => say(0, command(1, serial)))).toEqual(['repeat', 'repeat', 'repeat'])
  })

  test('counts for each session by itself', () => {
    say(0, open(1000))
    say(0, open(1000))
    expect([say(0, command(1, 1)), say(0, command(2, 1))]).toEqual(['apply', 'apply'])
  })

  test('does not apply what its client has gone on without, and cannot tell whether it was', () => {
    say(0, open(1000))
    say(0, command(1, 2, 1))
    expect(say(0, command(1, 1))).toBe('OUTCOME_UNKNOWN unknown')
    say(0, keepAlive(1, 2))
    expect(say(0, command(1, 2))).toBe('OUTCOME_UNKNOWN unknown')
  })

  test('does not go back behind what is completed when an older word comes late', () => {
    say(0, open(1000))
    say(0, command(1, 5, 4))
    say(0, keepAlive(1, 2))
    expect(say(0, command(1, 3, 2))).toBe('OUTCOME_UNKNOWN unknown')
    expect(say(0, command(1, 5, 2))).toBe('repeat')
  })

  test('forgets the numbers of what is completed', () => {
    say(0, open(1000))
    for (let serial = 1; serial <= 500; serial++) say(0, command(1, serial, serial - 1))
    const [row] = table.rows()
    expect([row?.completed, row?.applied.size]).toEqual([499, 1])
  })

  test('takes a jump of what is completed in its stride', () => {
    say(0, open(1000))
    for (const serial of [1, 2, 9]) say(0, command(1, serial))
    say(0, keepAlive(1, 2 ** 46))
    expect([...table.rows()][0]?.applied.size).toBe(0)
  })

  test('refuses what is too far ahead, so that nobody fills it with numbers', () => {
    say(0, open(1000))
    expect(say(0, command(1, MAX_SERIALS_AHEAD + 1))).toBe('OVERLOADED no')
    expect(say(0, command(1, MAX_SERIALS_AHEAD))).toBe('apply')
    expect(say(0, command(1, MAX_SERIALS_AHEAD + 1, 1))).toBe('apply')
  })

  test('knows nothing of sessions that were never opened, or are closed', () => {
    expect([say(0, command(9, 1)), say(0, keepAlive(9))]).toEqual(['SESSION_EXPIRED no', 'SESSION_EXPIRED no'])
    say(0, open(1000))
    expect([say(0, close(3)), say(0, close(3))]).toEqual(['ended 3, done', 'done'])
    expect(say(0, command(3, 1))).toBe('SESSION_EXPIRED no')
  })

  test('has room for so many sessions, and for one more when one is closed', () => {
    for (let i = 0; i < MAX_SESSIONS; i++) say(0, open(1000))
    expect(say(0, open(1000))).toBe('TOO_MANY_SESSIONS no')
    say(0, close(77))
    expect(say(0, open(1000))).toBe('done')
  })

  test('keeps the time to live within bounds, whatever was asked for', () => {
    say(0, open(0))
    say(0, open(2 ** 47))
    expect([...table.rows()].map(({ ttlMs }) => ttlMs)).toEqual([MIN_TTL_MS, MAX_TTL_MS])
  })
})

describe('a session expires', () => {
  test('when the log time has passed its time to live, and not when it has come to it', () => {
    say(500, open(1000))
    expect([say(1500, tick), say(1501, tick)]).toEqual(['done', 'ended 1, done'])
  })

  test('later for each word that was heard of it', () => {
    say(0, open(1000))
    say(900, keepAlive(1))
    say(1800, command(1, 1))
    expect([say(2800, tick), say(2801, tick)]).toEqual(['done', 'ended 1, done'])
  })

  test('at whichever entry moves the time, before that entry’s own command', () => {
    say(0, open(1000))
    say(0, open(5000))
    expect(say(2000, command(2, 1))).toBe('ended 1, apply')
    say(2000, open(1000))
    expect(say(3001, command(4, 1))).toBe('ended 4, SESSION_EXPIRED no')
  })

  test('with all that are due, in the order of their ids, and with the one that is closed', () => {
    for (const ttlMs of [3000, 1000, 9000, 1000]) say(0, open(ttlMs))
    expect(say(1001, close(1))).toBe('ended 1 2 4, done')
    expect(ids()).toEqual([3])
  })

  test('not by a stamp that says nothing, and time does not go back', () => {
    say(700, open(1000))
    say(0, keepAlive(1))
    say(300, keepAlive(1))
    expect(table.logTime).toBe(700)
    expect([say(0, tick), say(1700, tick), say(1701, tick)]).toEqual(['done', 'done', 'ended 1, done'])
  })

  test('at a time that can be asked for: at the latest then, it was looked for', () => {
    expect(table.earliestExpiry).toBe(Number.POSITIVE_INFINITY)
    say(100, open(2000))
    say(100, open(1000))
    expect(table.earliestExpiry).toBe(1100)
    say(900, keepAlive(2))
    expect(table.earliestExpiry).toBeLessThanOrEqual(1900)
    table.findEarliestExpiry()
    expect(table.earliestExpiry).toBe(1900)
  })
})
