/** Random walks on a log, by which two logs are compared: whatever is done to both, nobody can tell them apart. */
import * as fc from 'fast-check'
import { expect } from 'vitest'
import { NOBODY } from '../../raft/configuration.ts'
import { encodeEntries, type Index } from '../../raft/entry.ts'
import type { PersistBatch } from '../../raft/ready.ts'
import { toHex } from '../../util/bytes.ts'
import type { LogStore, OpenedLog } from '../log-store.ts'

export const NOTHING: PersistBatch = { seq: 0, hardState: null, snapshot: null, truncateFrom: null, entries: [] }

/** A batch that appends entries by the sizes of their commands. */
export function appends(first: Index, term: number, ...sizes: number[]): PersistBatch {
  const commands = sizes.map((size, i) => new Uint8Array(size).fill(first + i))
  return { ...NOTHING, entries: encodeEntries(commands, 'command', term, first) }
}

export type Step =
  | { readonly type: 'append'; readonly sizes: readonly number[] }
  | { readonly type: 'cut'; readonly share: number; readonly size: number }
  | { readonly type: 'compact'; readonly share: number }
  | { readonly type: 'install'; readonly ahead: number }
  | { readonly type: 'vote' }
  | { readonly type: 'reopen' }

export const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({
        type: fc.constant('append' as const),
        sizes: fc.array(fc.integer({ min: 0, max: 9000 }), { minLength: 1, maxLength: 12 }),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        type: fc.constant('cut' as const),
        share: fc.double({ min: 0, max: 1, noNaN: true }),
        size: fc.nat(500),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        type: fc.constant('compact' as const),
        share: fc.double({ min: 0, max: 1, noNaN: true }),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({ type: fc.constant('install' as const), ahead: fc.integer({ min: 1, max: 9 }) }),
    },
    { weight: 1, arbitrary: fc.constant({ type: 'vote' as const }) },
    { weight: 1, arbitrary: fc.constant({ type: 'reopen' as const }) },
  ),
  { maxLength: 40 },
)

/** One log under test, with what is needed to make the next step from a random one. */
export class Subject {
  opened: OpenedLog | null = null
  private store: LogStore
  private readonly reopened: () => LogStore
  private base = 0
  private last = 0
  private term = 1

  constructor(store: LogStore, reopened: () => LogStore) {
    this.store = store
    this.reopened = reopened
  }

  async take(step: Step): Promise<void> {
    if (step.type === 'append') await this.append(null, step.sizes)
    if (step.type === 'vote') await this.store.write([{ ...NOTHING, hardState: { term: ++this.term, votedFor: 'v' } }])
    if (step.type === 'cut' && this.last > this.base) {
      this.term++
      const from = this.base + 1 + Math.floor(step.share * (this.last - this.base - 1))
      this.last = from - 1
      await this.append(from, [step.size])
    }
    if (step.type === 'compact') {
      this.base += Math.floor(step.share * (this.last - this.base))
      await this.store.compact(this.base)
    }
    if (step.type === 'install') {
      this.base = this.last += step.ahead
      const configuration = NOBODY
      await this.store.write([{ ...NOTHING, snapshot: { index: this.base, term: ++this.term, configuration } }])
    }
    if (step.type === 'reopen') await this.reopen()
  }

  async reopen(): Promise<void> {
    await this.store.close()
    this.store = this.reopened()
    this.opened = await this.store.open()
  }

  close(): Promise<void> {
    return this.store.close()
  }

  /** Everything that can be seen of it. */
  async view(): Promise<unknown> {
    const read: string[] = []
    for (let from = this.base + 1; from <= this.last; ) {
      const entries = await this.store.read(from, this.last, 20_000)
      expect(entries.length).toBeGreaterThan(0)
      for (const { bytes } of entries) read.push(toHex(bytes.subarray(0, 40)))
      from += entries.length
    }
    const { hardState, base, lastIndex, terms } = this.opened ?? {}
    return { read, hardState, base, lastIndex, terms }
  }

  private async append(truncateFrom: Index | null, sizes: readonly number[]): Promise<void> {
    await this.store.write([{ ...appends(this.last + 1, this.term, ...sizes), truncateFrom }])
    this.last += sizes.length
  }
}
