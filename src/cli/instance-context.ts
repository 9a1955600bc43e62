// Knows on behalf of which instance code runs, for the race check, across every `await`.

import { AsyncLocalStorage } from 'node:async_hooks'
import type { RaceContext } from '../lab/race.ts'

export function instanceContext(): RaceContext {
  const storage = new AsyncLocalStorage<object>()
  return {
    run: (owner, action) => storage.run(owner, action),
    current: () => storage.getStore(),
  }
}
