// Time and chance that come from the host rather than from `env`. Under the virtual clock they cannot work: a second of
// `setTimeout` is an hour there, and a run with Math.random is never seen again. So while a test runs, each of them
// throws and says what to use instead.
//
// What a module has taken a reference to before this was installed is not seen.

import crypto from 'node:crypto'
import { syncBuiltinESMExports } from 'node:module'
import timers from 'node:timers'
import timersPromises from 'node:timers/promises'
import { LabFailure } from '../lab/failure.ts'

const SLEEP = 'await env.sleep(ms), or env.clock.schedule(ms, action)'
const SOON = 'env.clock.soon(action)'
const NOW = 'env.clock.now()'
const CHANCE = 'env.random, as in env.random.between(150, 300)'

interface Forbidden {
  readonly holder: object
  readonly name: string
  readonly shown: string
  readonly instead: string
}

function all(holder: object, prefix: string, names: Readonly<Record<string, string>>): Forbidden[] {
  return Object.entries(names).map(([name, instead]) => ({ holder, name, shown: `${prefix}${name}`, instead }))
}

const FORBIDDEN: readonly Forbidden[] = [
  ...all(globalThis, '', { setTimeout: SLEEP, setInterval: SLEEP, setImmediate: SOON }),
  ...all(timers, '', { setTimeout: SLEEP, setInterval: SLEEP, setImmediate: SOON }),
  ...all(timersPromises, 'timers/promises ', { setTimeout: SLEEP, setInterval: SLEEP, setImmediate: SOON }),
  ...all(Date, 'Date.', { now: NOW }),
  ...all(performance, 'performance.', { now: NOW }),
  ...all(process.hrtime, 'process.hrtime.', { bigint: NOW }),
  ...all(process, 'process.', { hrtime: NOW }),
  ...all(Math, 'Math.', { random: CHANCE }),
  ...all(crypto, 'crypto.', { randomBytes: CHANCE, randomInt: CHANCE, randomUUID: CHANCE }),
  ...all(crypto.webcrypto, 'crypto.', { getRandomValues: CHANCE }),
]

/** The guard of one process. */
export class AmbientGuard {
  private readonly restores: (() => void)[] = []
  private armed = false
  private firstUse: LabFailure | null = null

  /** To be called before the module under test is loaded, so that whatever it takes a reference to is guarded. */
  install(): void {
    for (const forbidden of FORBIDDEN) this.replace(forbidden)
    this.replaceDate()
    syncBuiltinESMExports()
  }

  restore(): void {
    for (const restore of this.restores.splice(0).reverse()) restore()
    syncBuiltinESMExports()
  }

  /**
   * Runs `work` with time and chance of the host forbidden.
   *
   * @returns its result, and the first forbidden use if there was one, even when the code under test caught the error
   */
  async during<T>(work: () => Promise<T>): Promise<{ result: T; used: LabFailure | null }> {
    this.armed = true
    this.firstUse = null
    try {
      const result = await work()
      return { result, used: this.firstUse }
    } finally {
      this.armed = false
    }
  }

  private replace({ holder, name, shown, instead }: Forbidden): void {
    const original = Reflect.get(holder, name) as (...args: unknown[]) => unknown
    const guard = this
    const guarded = function (this: unknown, ...args: unknown[]): unknown {
      guard.check(`${shown}()`, instead)
      return Reflect.apply(original, this, args)
    }
    this.put(holder, name, Object.assign(guarded, original))
  }

  private replaceDate(): void {
    const guarded = new Proxy(Date, {
      construct: (target, args, newTarget) => {
        if (args.length === 0) this.check('new Date()', NOW)
        return Reflect.construct(target, args, newTarget) as object
      },
    })
    this.put(globalThis, 'Date', guarded)
  }

  private put(holder: object, name: string, value: unknown): void {
    const before = Object.getOwnPropertyDescriptor(holder, name)
    Object.defineProperty(holder, name, {
      value,
      configurable: true,
      writable: true,
      enumerable: before?.enumerable ?? false,
    })
    this.restores.push(() => {
      if (before === undefined) Reflect.deleteProperty(holder, name)
      else Object.defineProperty(holder, name, before)
    })
  }

  private check(what: string, instead: string): void {
    if (!this.armed) return
    const failure = new LabFailure(`${what} does not go by the virtual clock and the seed: use ${instead}`)
    this.firstUse ??= failure
    throw failure
  }
}
