import { expect, test } from 'vitest'
import { harmless, type Logger } from './logger.ts'

test('a logger that throws harms nobody', () => {
  const refuse = (): never => {
    throw new Error('no room for the log file')
  }
  const logger = harmless({ info: refuse, warn: refuse, error: refuse })
  expect(() => [logger.info('a'), logger.warn('b'), logger.error('c')]).not.toThrow()
})

test('a logger keeps its `this` and gets what it was given', () => {
  const lines: unknown[] = []
  const logger = harmless({
    lines,
    info(this: { lines: unknown[] }, message: string, fields?: object) {
      this.lines.push([message, fields])
    },
  } as unknown as Logger)
  logger.info('a', { b: 1 })
  expect(lines).toEqual([['a', { b: 1 }]])
})
