// Disks that are full, that fail, that are slow: a small file system of each server's own, and what preload/faults.c
// does to the calls of a server.
import { sleep } from '../harness/time.js'

const CHANGING = ['write', 'rename', 'open', 'truncate']

async function meanwhile({ server, ended }, forMs, rule) {
  server.faults.set(0, rule)
  await Promise.race([sleep(forMs), ended])
  server.faults.set(0, { calls: [], action: 'nothing' })
}

export const diskFull = {
  help: 'a file system without room',
  needs: 'disks',
  draw: (random) => ({ forMs: random.between(500, 6000), leftBytes: random.pick([0, 4096, 65_536]) }),
  begin: async ({ cluster, server, ended }, { forMs, leftBytes }) => {
    server.hasBadDisk = true
    cluster.fill(server, leftBytes)
    await Promise.race([sleep(forMs), ended])
    cluster.makeRoom(server)
  },
}

export const noSpace = {
  help: 'ENOSPC for everything that would change the disk',
  needs: 'preload',
  draw: (random) => ({ forMs: random.between(200, 4000), chance: random.pick([0.1, 0.5, 1]) }),
  begin: (scene, { forMs, chance }) => {
    scene.server.hasBadDisk = true
    return meanwhile(scene, forMs, { calls: CHANGING, action: 'fail', error: 'ENOSPC', chance })
  },
}

export const ioError = {
  help: 'EIO once, for one of the next calls',
  needs: 'preload',
  draw: (random) => ({
    call: random.pick(['write', 'sync', 'rename', 'open', 'truncate']),
    ahead: random.between(1, 40),
    torn: random.chance(0.3),
  }),
  begin: (scene, { call, ahead, torn }) => {
    const { server } = scene
    server.hasBadDisk = true
    const at = server.faults.countOf(call) + ahead
    return meanwhile(scene, 8000, { calls: [call], action: torn ? 'tear' : 'fail', error: 'EIO', at })
  },
}

export const shortWrite = {
  help: 'writes that write half of it',
  needs: 'preload',
  draw: (random) => ({ forMs: random.between(500, 6000) }),
  begin: (scene, { forMs }) => meanwhile(scene, forMs, { calls: ['write'], action: 'shorten', chance: 0.5 }),
}

export const slowSync = {
  help: 'syncs that take up to a second',
  needs: 'preload',
  draw: (random) => ({ forMs: random.between(500, 6000), delayMs: Math.round(10 * 100 ** random.fraction()) }),
  begin: (scene, { forMs, delayMs }) =>
    meanwhile(scene, forMs, { calls: ['sync'], action: 'delay', chance: 0.5, delayMs }),
}

export const clock = {
  help: 'a wall clock that jumps, by up to a day either way',
  needs: 'preload',
  draw: (random) => ({ forMs: random.between(500, 6000), offsetMs: random.between(-86_400_000, 86_400_000) }),
  begin: async ({ server, ended }, { forMs, offsetMs }) => {
    server.faults.setClock(offsetMs)
    await Promise.race([sleep(forMs), ended])
    server.faults.setClock(0)
  },
}
