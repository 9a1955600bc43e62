// The linearizability checker, on histories of a correct object, and on the same with one stale read. See
// ../subjects/histories.js.
import { measureCheck } from '../subjects/histories.js'

export const title = 'checking histories'

const REGISTER = { seed: 1, verbs: ['read', 'write'] }
const KEYS = { seed: 1, verbs: ['get', 'put', 'append'] }

/** Name, plan, and the most milliseconds that it may take. */
const HISTORIES = [
  ['100 operations, 5 clients, register', { ...REGISTER, operations: 100, clients: 5 }, 10],
  ['2,000, 50 clients, 10 keys, texts', { ...KEYS, operations: 2_000, clients: 50, keys: 10 }, 600],
  ['100,000, 20 clients, 1,000 keys, texts', { ...KEYS, operations: 100_000, clients: 20, keys: 1_000 }, 5_000],
  ['2,000, 30 clients, one register', { ...REGISTER, operations: 2_000, clients: 30 }, null],
  ['2,000, 30 clients, one key, texts', { ...KEYS, operations: 2_000, clients: 30, keys: 1 }, null],
  ['2,000, 30 clients, one register, 5 values', { ...REGISTER, operations: 2_000, clients: 30, values: 5 }, null],
  [
    '2,000, one register, a tenth of the answers lost',
    { ...REGISTER, operations: 2_000, clients: 30, lost: 0.1 },
    null,
  ],
]

export async function* run({ turns, historyScale }, progress) {
  for (const [name, plan, goalMs] of HISTORIES) {
    progress(name)
    const operations = Math.max(Math.round(plan.operations * historyScale), 20)
    yield { scenario: title, name, goalMs, ...measureCheck({ ...plan, operations }, turns) }
  }
  for (const name of ['200 lost writes at once', '2,000 reads at once']) {
    progress(name)
    yield { scenario: title, name, goalMs: null, ...measureCheck(name, turns) }
  }
}

export const columns = [
  ['history', (row) => row.name],
  ['operations', (row) => row.operations],
  ['good', (row) => milliseconds(row.goodMs)],
  ['with a stale read', (row) => milliseconds(row.staleMs)],
  ['goal', (row) => (row.goalMs === null ? '' : `≤ ${row.goalMs} ms ${isWithin(row) ? 'yes' : 'no'}`)],
]

function milliseconds(ms) {
  return `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`
}

function isWithin({ goodMs, staleMs, goalMs }) {
  return Math.max(goodMs, staleMs) <= goalMs
}
