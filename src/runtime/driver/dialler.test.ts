import { beforeEach, expect, test } from 'vitest'
import { ManualClock } from '../../testing/manual-clock.ts'
import type { Transport } from '../../transport/transport.ts'
import { Dialler } from './dialler.ts'

let clock: ManualClock
let dialled: string[]
let dialler: Dialler

beforeEach(() => {
  clock = new ManualClock()
  dialled = []
  const transport: Pick<Transport, 'setPeers'> = {
    setPeers: (peers) => void dialled.push(Object.keys(peers).join(' ')),
  }
  dialler = new Dialler(transport as Transport, clock)
})

test('who has left is spoken with for a second more', async () => {
  dialler.dial({ a: 'a:1', b: 'b:1' })
  dialler.dial({ a: 'a:1' })
  expect(dialled).toEqual(['a b', 'a b'])
  await clock.advance(1000)
  expect(dialled.at(-1)).toBe('a')
})

test('who belongs to nobody yet does not hang up on those whom it asks to be taken in', async () => {
  dialler.dial({})
  await clock.advance(2000)
  expect(dialled).toEqual([])
})

test('who is left alone hangs up on the last one that has gone', async () => {
  dialler.dial({ a: 'a:1' })
  dialler.dial({})
  await clock.advance(1000)
  expect(dialled.at(-1)).toBe('')
})
