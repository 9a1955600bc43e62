// Processes that die, stand still, or hardly get on.
import { basename } from 'node:path'
import { throttle as throttleProcess } from '../harness/cgroups.js'
import { sleep } from '../harness/time.js'

const RESTART_AFTER_MS = [50, 3000]

async function downFor(server, ms) {
  server.isHeldDown = true
  await server.kill()
  await sleep(ms)
  server.isHeldDown = false
}

export const kill = {
  help: 'kill -9, and a start after a while',
  draw: (random) => ({ downMs: random.between(...RESTART_AFTER_MS) }),
  begin: ({ server }, { downMs }) => downFor(server, downMs),
}

export const killAll = {
  help: 'kill -9 of all at once',
  rarity: 3,
  draw: (random) => ({ downMs: random.between(0, 1000) }),
  begin: ({ cluster }, { downMs }) => Promise.all(cluster.servers.map((server) => downFor(server, downMs))),
}

export const terminate = {
  help: 'an orderly stop, and a start after a while',
  draw: (random) => ({ downMs: random.between(...RESTART_AFTER_MS) }),
  begin: async ({ server }, { downMs }) => {
    server.isHeldDown = true
    // Whoever asks twice wants it at once, see serve(); that would be another fault than this.
    if (server.wanted === null) server.signal('SIGTERM', 'terminate')
    // While its disk or its peers hang it may take its time: then nobody waits any longer.
    await Promise.race([server.ended, sleep(5000)])
    await server.kill()
    await sleep(downMs)
    server.isHeldDown = false
  },
}

export const freeze = {
  help: 'SIGSTOP for 0.05 to 10 s',
  draw: (random) => ({ forMs: Math.round(50 * 200 ** random.fraction()) }),
  begin: async ({ server, ended }, { forMs }) => {
    server.signal('SIGSTOP')
    await Promise.race([sleep(forMs), ended])
    server.signal('SIGCONT')
  },
}

export const starve = {
  help: 'little processor: stopped for most of each tenth of a second',
  draw: (random) => ({ forMs: random.between(500, 5000), stoppedMs: random.between(50, 95) }),
  begin: async ({ server, ended }, { forMs, stoppedMs }) => {
    let isOver = false
    void Promise.race([sleep(forMs), ended]).then(() => (isOver = true))
    while (!isOver) {
      server.signal('SIGSTOP')
      await sleep(stoppedMs)
      server.signal('SIGCONT')
      await sleep(100 - stoppedMs)
    }
  },
}

let throttled = 0

export const throttle = {
  help: 'little processor: 3 to 30 % of one, by the kernel',
  needs: 'cgroups',
  draw: (random) => ({ forMs: random.between(500, 5000), percent: random.between(3, 30) }),
  begin: async ({ cluster, server, ended }, { forMs, percent }) => {
    const pid = server.process?.pid
    if (pid === undefined) return
    const end = throttleProcess(pid, `${basename(cluster.folder)}-${++throttled}`, percent)
    await Promise.race([sleep(forMs), ended])
    end()
  },
}
