import { expect, test } from 'vitest'
import { FrameDeadline } from './frame-deadline.ts'
import { VirtualClock } from './testing/virtual-clock.ts'

const TIMEOUT_MS = 10_000

test('a frame that begins and does not come on is late', async () => {
  const { clock, deadline, late } = watched()
  deadline.note(1, false, true)
  await clock.advance(TIMEOUT_MS - 1)
  expect(late).toEqual([])
  await clock.advance(1)
  expect(late).toEqual(['a frame has begun and not come on for 10000 ms'])
})

test('one byte a second is no progress', async () => {
  const { clock, deadline, late } = watched()
  for (let second = 0; second < 11; second++) {
    deadline.note(1, false, true)
    await clock.advance(1000)
  }
  expect(late).toHaveLength(1)
})

test('16 MiB over a slow line take their time', async () => {
  const { clock, deadline, late } = watched()
  for (let kib = 0; kib < 16 * 1024; kib += 10) {
    deadline.note(10 * 1024, false, true)
    await clock.advance(1000)
  }
  deadline.note(1, true, false)
  await clock.advance(TIMEOUT_MS * 2)
  expect(late).toEqual([])
})

test('between two frames nobody is late', async () => {
  const { clock, deadline, late } = watched()
  deadline.note(1, false, true)
  deadline.note(50, true, false)
  await clock.advance(3_600_000)
  expect([late, clock.waiting]).toEqual([[], 0])
})

test('each frame has the whole time, also one that begins where another ends', async () => {
  const { clock, deadline, late } = watched()
  for (let frame = 0; frame < 10; frame++) {
    deadline.note(100, true, true)
    await clock.advance(TIMEOUT_MS - 1)
  }
  expect(late).toEqual([])
  await clock.advance(2)
  expect(late).toHaveLength(1)
})

test('stopped, it leaves no timer', async () => {
  const { clock, deadline, late } = watched()
  deadline.note(1, false, true)
  deadline.stop()
  deadline.note(1, false, true)
  await clock.advance(TIMEOUT_MS * 2)
  expect([late, clock.waiting]).toEqual([[], 0])
})

function watched() {
  const clock = new VirtualClock()
  const late: string[] = []
  return { clock, late, deadline: new FrameDeadline(clock, TIMEOUT_MS, (words) => void late.push(words)) }
}
