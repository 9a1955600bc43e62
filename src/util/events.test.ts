import { expect, test } from 'vitest'
import { Events } from './events.ts'

test('every listener hears, until it has had enough; one may leave while it is called', () => {
  const events = new Events<{ tick: number }>()
  const heard: string[] = []
  const leave = events.on('tick', (n) => {
    heard.push(`a${n}`)
    leave()
  })
  events.on('tick', (n) => heard.push(`b${n}`))
  events.emit('tick', 1)
  events.emit('tick', 2)
  expect(heard).toEqual(['a1', 'b1', 'b2'])
})

test('nobody need listen', () => {
  expect(() => new Events<{ tick: number }>().emit('tick', 1)).not.toThrow()
})
