/** Something that takes bytes from strangers, and what becomes of one mutated input. */
import { equal } from '../../../util/bytes.ts'
import type { Random } from '../../../util/random.ts'
import { mutate } from './mutate.ts'

export interface Target {
  readonly name: string
  /** Makes one input, hands it in, and says where it ended. Whatever it throws is a finding. */
  attack(random: Random): Fate
}

/**
 * Where an input ended. header, checksum, content: it was refused there. same: it was accepted as just what it had been
 * before. other: it was accepted as something else that is well-formed.
 */
export const FATES = ['header', 'checksum', 'content', 'same', 'other'] as const

export type Fate = (typeof FATES)[number]

/** An input was taken for something that it is not. */
export class HostileFinding extends Error {
  override readonly name = 'HostileFinding'
  readonly code = 'ERR_QUORATE_HOSTILE_FINDING'
}

/** A format: bytes to a value or null, and back. */
export interface Format<T> {
  readonly name: string
  readonly samples: readonly Uint8Array[]
  /** @returns null, or words, for what is refused */
  decode(bytes: Uint8Array): T | string | null
  encode(value: T): Uint8Array
  /** What else is done with what was accepted; it must not throw. */
  use?(value: T): void
}

/** What is accepted must mean the same when it is written again: else two servers would make two things of it. */
export function formatTarget<T>({ name, samples, decode, encode, use }: Format<T>): Target {
  return {
    name,
    attack: (random) => {
      const sample = random.pick(samples)
      const bytes = mutate(random, sample, random.pick(samples))
      const value = decode(bytes)
      if (value === null || typeof value === 'string') return 'content'
      use?.(value)
      const written = encode(value)
      if (equal(written, sample)) return 'same'
      if (equal(written, bytes)) return 'other'
      const again = decode(written)
      if (again === null || typeof again === 'string' || !equal(encode(again), written))
        throw new HostileFinding(`${name}: what was accepted is something else when it is written again: ${bytes}`)
      return 'other'
    },
  }
}
