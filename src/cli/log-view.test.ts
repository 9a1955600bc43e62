import { describe, expect, test } from 'vitest'
import { type LabEvent, Labgob } from '../lab/index.ts'
import { describeEvent } from './describe-event.ts'
import { type LogLine, passes } from './log-line.ts'
import { renderLine } from './log-view.ts'
import { readTopics } from './topics.ts'

const body = (value: unknown): Uint8Array => new Labgob().encode(value)
const call = { time: 1, call: 7, from: 0, to: 2, method: 'Raft.AppendEntries' }

describe('an event in words', () => {
  test.each<[LabEvent, string]>([
    [
      { ...call, kind: 'rpc sent', body: body({ type: 'AppendEntries', from: '0', term: 3, entries: [1, 2] }) },
      'LOG1 0 S0→S2 AppendEntries term 3 entries [2]',
    ],
    [{ ...call, kind: 'rpc replied', body: body({ success: true }) }, 'LOG2 0 S0←S2 AppendEntries success true'],
    [{ ...call, kind: 'rpc received' }, 'TRCE 2 S0→S2 AppendEntries arrives'],
    [{ ...call, kind: 'rpc dropped', reason: 'request lost' }, 'DROP 0 S0→S2 AppendEntries: request lost'],
    [{ ...call, kind: 'rpc delayed', delayMs: 700 }, 'DROP 0 S0→S2 AppendEntries: reply held back 700 ms'],
    [
      { ...call, method: 'Vote', kind: 'rpc sent', body: body('x'.repeat(99)) },
      `VOTE 0 S0→S2 Vote '${'x'.repeat(23)}…`,
    ],
    [{ time: 1, kind: 'crash', server: 1 }, 'TEST 1 ── crash S1'],
    [{ time: 1, kind: 'apply', server: 1, index: 4, command: 'a' }, "CMIT 1 applied 4: 'a'"],
    [{ time: 1, kind: 'persist', server: 1, raftStateBytes: 30, snapshotBytes: 0 }, 'PERS 1 saved 30 B'],
    [{ time: 1, kind: 'tester', text: 'failed: expected all' }, 'ERRO null failed: expected all'],
  ])('%o', (event, words) => {
    const { topic, server, text } = describeEvent(event)
    expect(`${topic} ${server} ${text}`).toBe(words)
  })
})

const line: LogLine = { time: 152.34, topic: 'VOTE', server: 1, text: 'stands for election in term 12' }

describe('a line is shown', () => {
  const plain = { width: 75, columns: 0, colored: false }

  test('after its server’s name', () => {
    expect(renderLine(line, plain)).toBe('    152.3 VOTE S1 stands for election in term 12')
  })

  test('in its server’s column, broken between words', () => {
    expect(renderLine(line, { ...plain, columns: 3 })).toBe(
      ['    152.3 VOTE                     stands for election', '                                   in term 12'].join(
        '\n',
      ),
    )
  })

  test('over the whole width when it is no server’s', () => {
    const whole: LogLine = { ...line, server: null, text: 'checkOneLeader: server 1 leads term 1' }
    expect(renderLine(whole, { ...plain, columns: 3 })).toBe(`    152.3 VOTE ${whole.text}`)
  })

  test('in the colour of its topic', () => {
    const [color, reset] = ['\x1b[93m', '\x1b[0m']
    expect(renderLine(line, { ...plain, colored: true })).toBe(`${color}${renderLine(line, plain)}${reset}`)
  })
})

describe('a filter', () => {
  test.each([
    [{}, true],
    [{ only: readTopics('only', 'vote') }, true],
    [{ only: readTopics('only', 'LEAD') }, false],
    [{ except: readTopics('except', 'VOTE,LEAD') }, false],
    [{ servers: new Set([0, 2]) }, false],
    [{ fromMs: 153 }, false],
    [{ toMs: 152 }, false],
    [{ pattern: /term 1\d/ }, true],
    [{ pattern: /leads/ }, false],
  ])('%o lets the line through: %s', (filter, through) => {
    expect(passes(line, filter)).toBe(through)
  })

  test('by server keeps what concerns all', () => {
    expect(passes({ ...line, server: null }, { servers: new Set([0]) })).toBe(true)
  })
})
