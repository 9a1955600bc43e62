// A process of the benchmark: does what its parent asks over IPC. Its own disk, its own event loop, as in production.
import { follow, lead } from './ceiling.js'
import { loadLeader, serve } from './node.js'

let node = null

const TASKS = {
  follow: ({ directory, port, preallocated }) => follow(directory, port, preallocated),
  lead: ({ directory, ports, preallocated, load }) => lead(directory, ports, preallocated, load),
  serve: async ({ directory, id, members }) => {
    node = await serve(directory, id, members)
  },
  leads: () => node.status().role === 'leader',
  load: ({ load }) => loadLeader(node, load),
  stop: () => node?.stop(),
}

process.on('message', async ({ task, ...details }) => {
  try {
    process.send({ result: await TASKS[task](details) })
  } catch (error) {
    process.send({ error: error.message })
  }
})
process.on('disconnect', () => process.exit(0))
