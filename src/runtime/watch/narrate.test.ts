import { expect, test } from 'vitest'
import { narrate } from './narrate.ts'

const lines: string[] = []
const logger = {
  info: (message: string, fields?: object) => void lines.push(`info ${message} ${JSON.stringify(fields)}`),
  warn: (message: string, fields?: object) => void lines.push(`warn ${message} ${JSON.stringify(fields)}`),
  error: (message: string) => void lines.push(`error ${message}`),
}

test('what an operator should hear of is told in words, with the numbers', () => {
  const peer = { peer: 'b', matchIndex: 7, behindEntries: 12, lagMs: 3000.4, silentMs: 49.9 }
  narrate(logger, 'slowPeer', { ...peer, slow: true })
  narrate(logger, 'slowPeer', { ...peer, slow: false })
  narrate(logger, 'stall', { cause: 'disk', durationMs: 3000.1, over: false })
  narrate(logger, 'stall', { cause: 'loop', durationMs: 200, over: true })
  narrate(logger, 'diskFull', { full: true })
  expect(lines).toEqual([
    'warn b does not keep up {"peer":"b","behindEntries":12,"lagMs":3000,"silentMs":50}',
    'info b keeps up again {"peer":"b","behindEntries":12,"lagMs":3000,"silentMs":50}',
    'warn a write to the log takes too long {"cause":"disk","durationMs":3000}',
    'warn the event loop took too long {"cause":"loop","durationMs":200}',
  ])
})
