import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { expect, test } from 'vitest'
import { Events } from '../util/events.ts'
import { publishEvents } from './diagnostics.ts'

interface Told {
  leader: object
  failure: object
}

test('what a node tells is published under its name, with whose it is', () => {
  const events = new Events<Told>()
  publishEvents<keyof Told>({ id: 'a' }, ['leader', 'failure'], (name, listener) => void events.on(name, listener))
  const seen: unknown[] = []
  const note = (message: unknown): void => void seen.push(message)
  subscribe('quorate:leader', note)
  subscribe('quorate:failure', note)
  const error = new Error('the disk')
  events.emit('leader', { leaderId: 'b', term: 3 })
  events.emit('failure', error)
  unsubscribe('quorate:leader', note)
  unsubscribe('quorate:failure', note)
  events.emit('leader', { leaderId: 'c', term: 4 })
  expect(seen).toEqual([
    { id: 'a', leaderId: 'b', term: 3 },
    { id: 'a', error },
  ])
})
