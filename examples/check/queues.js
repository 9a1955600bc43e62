// A model for quorate check: queues with names. What was put into a queue first comes out of it first.
//
//   npx quorate check examples/check/in-order.jsonl --model examples/check/queues.js
//   npx quorate check examples/check/twice.jsonl --model examples/check/queues.js

/** What is in a queue at the beginning. */
export const init = []

/** What a queue becomes, or null when it cannot have answered so. */
export function step(items, { f, value, result, outcome }) {
  if (f === 'enqueue') return { ok: true, state: [...items, value] }
  if (f !== 'dequeue') return null
  const [first = null, ...rest] = items
  // Nobody knows what a dequeue without an answer has returned: only what it has taken away counts.
  return outcome === 'unknown' || result === first ? { ok: true, state: rest } : null
}

/** One queue does not affect another: each is checked by itself. */
export function partition({ key }) {
  return key
}

/** What the picture says of a state. */
export function describe(items) {
  return items.length === 0 ? 'empty' : items.join(', ')
}
