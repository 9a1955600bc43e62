// The core alone, see core.js one folder up.
import { measureCore } from '../core.js'

export const title = 'core in memory, three servers'

export async function* run({ seconds, size = 256 }) {
  for (const batch of [1, 8, 64, 512]) yield { scenario: title, batch, size, ...measureCore({ batch, size, seconds }) }
}

export const columns = [
  ['commands at a time', (row) => row.batch],
  ['bytes', (row) => row.size],
  ['µs a command', (row) => row.microseconds.toFixed(2)],
  ['best piece', (row) => row.bestMicroseconds.toFixed(2)],
]
