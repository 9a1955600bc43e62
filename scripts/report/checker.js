// The linearizability checker against its own definition.
import { bestOf } from './disks.js'
import { count, provenance, table } from './words.js'

export function checkerSection(results) {
  const best = bestOf(results, ({ size }) => size)
  if (best === null) return null
  return [
    `${provenance([best])} Every history of ${best.size} operations, judged by the checker that all campaigns use and by the definition, which tries all orders.`,
    '',
    ...table(
      ['model', 'histories:', 'not linearizable:', 'judged wrongly:'],
      best.models.map(({ model, histories, notLinearizable, differences }) => [
        ...[model, count(histories), count(notLinearizable), differences],
      ]),
    ),
  ]
}
