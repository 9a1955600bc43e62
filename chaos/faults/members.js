// Changes that an operator makes, at the worst moment.
import { sleep } from '../harness/time.js'

export const demote = {
  help: 'a voter becomes a learner, and a voter again',
  draw: (random) => ({ forMs: random.between(200, 5000) }),
  begin: async ({ server, other, ended }, { forMs }) => {
    await other.ask({ change: { type: 'demote', id: server.id } })
    await Promise.race([sleep(forMs), ended])
    // Whether this is done or not, healing makes sure that all vote.
    await other.ask({ change: { type: 'promote', id: server.id } })
  },
}

export const transfer = {
  help: 'the leader is asked to hand over',
  draw: () => ({}),
  begin: async ({ cluster, server }) => {
    const leader = await cluster.leader()
    await leader?.ask({ transferTo: server.id })
  },
}
