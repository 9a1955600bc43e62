// Changes that an operator makes, at the worst moment.
import { sleep, until } from '../harness/time.js'

const REPLACED_WITHIN_MS = 10_000

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

export const replace = {
  help: 'a new server joins, comes to vote, and an old one is removed for ever',
  rarity: 2,
  draw: () => ({}),
  begin: async ({ cluster, server, ended }) => {
    // One at a time: of two at once, the second would wait for the first, with its process in the way of nothing.
    if (!(await cluster.replace(server))) return
    const { replacement } = cluster
    let isOver = false
    void ended.then(() => (isOver = true))
    // What is not done then is done when all is healed.
    await until(async () => isOver || (await replacement.advance()), REPLACED_WITHIN_MS, 100)
  },
}
