import { expect, test } from 'vitest'
import { Pace } from './pace.ts'

/** Whether the promise has settled by the time that all promise callbacks have run. */
async function hasSettled(promise: Promise<unknown>): Promise<boolean> {
  let settled = false
  promise.then(
    () => {
      settled = true
    },
    () => {
      settled = true
    },
  )
  await new Promise((resolve) => setImmediate(resolve))
  return settled
}

test('the spare is made in step with the active segment', async () => {
  const pace = new Pace()
  pace.advance(0.4)
  expect(await hasSettled(pace.mayGoOn(0.25))).toBe(true)
  const ahead = pace.mayGoOn(0.5)
  expect(await hasSettled(ahead)).toBe(false)
  pace.advance(0.5)
  expect(await hasSettled(ahead)).toBe(true)
})

test('it is whole when the active segment is three quarters full', async () => {
  const pace = new Pace()
  pace.advance(0.75)
  expect(await hasSettled(pace.mayGoOn(1))).toBe(true)
})

test('whoever waits for the spare gets it at full speed', async () => {
  const pace = new Pace()
  const waiting = pace.mayGoOn(0.9)
  pace.hurry()
  expect(await hasSettled(waiting)).toBe(true)
})

test('a log that is closed does not wait for a spare that nobody needs', async () => {
  const pace = new Pace()
  const waiting = pace.mayGoOn(0.9)
  pace.stop()
  await expect(waiting).rejects.toThrow('being closed')
})
