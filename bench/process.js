// A process of the benchmark: does what its parent asks over IPC. Its own disk, its own event loop, as in production.
import { follow, lead } from './ceiling.js'
import { runLoad } from './load.js'
import { fill, loadLeader, serve } from './node.js'

let node = null
let highestBytes = 0

function watchMemory() {
  highestBytes = Math.max(highestBytes, process.memoryUsage.rss())
}

const TASKS = {
  follow: ({ directory, port, preallocated }) => follow(directory, port, preallocated),
  lead: ({ directory, ports, preallocated, load }) => lead(directory, ports, preallocated, load),
  serve: async ({ directory, id, members, options }) => {
    node = await serve(directory, id, members, options)
    setInterval(watchMemory, 100).unref()
  },
  leads: () => node.status().role === 'leader',
  load: ({ load }) => loadLeader(node, load),
  read: ({ load }) => runLoad(() => node.read(() => 0), load),
  /** One command; asked again until somebody leads. */
  write: async () => {
    for (;;) {
      try {
        await node.propose(new Uint8Array(16), { timeoutMs: 10_000 })
        return
      } catch (error) {
        if (error.code === 'ERR_QUORATE_STOPPED') throw error
      }
    }
  },
  fill: ({ bytes, size }) => fill(node, bytes, size),
  memory: () => ({ highestMb: Math.round(highestBytes / 2 ** 20) }),
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
