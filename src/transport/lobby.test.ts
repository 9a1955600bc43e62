import { expect, test } from 'vitest'
import { DEFAULT_LIMITS } from './limits.ts'
import { Lobby } from './lobby.ts'

const lobby = (): Lobby => new Lobby({ ...DEFAULT_LIMITS, maxPendingHellos: 4, maxPendingHellosPerHost: 2 })

test('a place is taken and given back', () => {
  const small = lobby()
  const first = small.enter('10.0.0.1:1')
  expect([small.enter('10.0.0.1:2'), small.enter('10.0.0.1:3')]).toEqual([expect.any(Function), null])
  first?.()
  expect(small.enter('10.0.0.1:4')).not.toBeNull()
})

test('one address does not take the places of the others, whatever ports it comes from', () => {
  const small = lobby()
  for (let port = 1; port < 100; port++) small.enter(`[2001:db8::1]:${port}`)
  expect(small.enter('[2001:db8::2]:1')).not.toBeNull()
})

test('many addresses take no more places than there are', () => {
  const small = lobby()
  const places = [1, 2, 3, 4, 5].map((host) => small.enter(`10.0.0.${host}:1`))
  expect(places.map((place) => place !== null)).toEqual([true, true, true, true, false])
})

test('a place given back twice is one place', () => {
  const small = lobby()
  const leave = small.enter('10.0.0.1:1')
  small.enter('10.0.0.1:2')
  leave?.()
  leave?.()
  expect([small.enter('10.0.0.1:3'), small.enter('10.0.0.1:4')]).toEqual([expect.any(Function), null])
})
