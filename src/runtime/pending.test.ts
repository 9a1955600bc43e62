import { expect, test } from 'vitest'
import { settleOnce, watchSignal } from './pending.ts'

function pending(): { expiresAt: number; settled: boolean; unhook: (() => void) | null } {
  return { expiresAt: 0, settled: false, unhook: null }
}

test('a request is settled once', () => {
  const request = pending()
  expect([settleOnce(request), settleOnce(request)]).toEqual([true, false])
})

test('a signal that outlives a request is let go of', () => {
  const request = pending()
  const controller = new AbortController()
  let aborts = 0
  watchSignal(request, controller.signal, () => aborts++)
  settleOnce(request)
  controller.abort()
  expect(aborts).toBe(0)
})

test('a signal that fires ends a request', () => {
  const request = pending()
  const controller = new AbortController()
  watchSignal(request, controller.signal, () => settleOnce(request))
  controller.abort()
  expect(request).toEqual({ expiresAt: 0, settled: true, unhook: null })
})
