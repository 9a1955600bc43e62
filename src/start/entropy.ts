/** Where chance comes from in production: everything below draws from the generator that is seeded here. */
import { randomBytes } from 'node:crypto'
import { Random } from '../util/random.ts'

export function entropy(): Random {
  return new Random(randomBytes(6).readUIntBE(0, 6))
}
