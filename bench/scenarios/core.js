// The core alone, see ../subjects/core.js.
import { measureCore } from '../subjects/core.js'

export const title = 'core in memory, three servers'

const SIZE = 256

export async function* run({ seconds }, progress) {
  for (const batch of [1, 8, 64, 512]) {
    progress(`${batch} commands at a time`)
    yield { scenario: title, batch, size: SIZE, ...measureCore({ batch, size: SIZE, seconds }) }
  }
}

export const columns = [
  ['commands at a time', (row) => row.batch],
  ['bytes', (row) => row.size],
  ['µs a command', (row) => row.microseconds.toFixed(2)],
  ['best piece', (row) => row.bestMicroseconds.toFixed(2)],
  ['goal', (row) => (row.batch === 64 ? `≤ 2 µs ${row.microseconds <= 2 ? 'yes' : 'no'}` : '')],
]
