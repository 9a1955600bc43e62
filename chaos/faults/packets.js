// What becomes of packets, where each server has a network stack of its own: see harness/namespaces.js.
import { sleep } from '../harness/time.js'

const FOR_MS = [200, 8000]

async function meanwhile({ ended }, forMs, set, clear) {
  set()
  await Promise.race([sleep(forMs), ended])
  clear()
}

/** @param ways 0: what the server sends, 1: what it gets */
function filter(scene, { forMs, everybody }, ways, rule) {
  const { cluster, server, other } = scene
  const { network } = cluster
  const others = everybody ? cluster.servers.filter((each) => each !== server) : [other]
  const set = () => {
    for (const { id } of others) {
      if (ways.includes(0)) network.receive(id, server.id, rule)
      if (ways.includes(1)) network.receive(server.id, id, rule)
    }
  }
  const clear = () => {
    for (const { id } of [server, ...others]) network.receiveAll(id)
  }
  return meanwhile(scene, forMs, set, clear)
}

const draw = (random) => ({
  forMs: random.between(...FOR_MS),
  everybody: random.chance(0.5),
  way: random.below(2),
  percent: random.between(1, 20),
})

export const packetDrop = {
  help: 'no packet passes between two servers, or between one and all others',
  needs: 'namespaces',
  draw,
  begin: (scene, drawn) => filter(scene, drawn, [0, 1], 'drop'),
}

export const packetOneWay = {
  help: 'the same in one direction only',
  needs: 'namespaces',
  draw,
  begin: (scene, drawn) => filter(scene, drawn, [drawn.way], 'drop'),
}

export const packetReset = {
  help: 'every TCP packet is answered by a reset',
  needs: 'namespaces',
  draw,
  begin: (scene, drawn) => filter(scene, drawn, [drawn.way], 'meta l4proto tcp reject with tcp reset'),
}

export const packetLoss = {
  help: '1 to 20 % of the packets are lost',
  needs: 'namespaces',
  draw,
  begin: (scene, drawn) => filter(scene, drawn, [0, 1], `numgen random mod 100 < ${drawn.percent} drop`),
}

export const cable = {
  help: 'a network interface that goes down',
  needs: 'namespaces',
  draw,
  begin: (scene, { forMs }) => {
    const { cluster, server } = scene
    return meanwhile(
      scene,
      forMs,
      () => cluster.network.cable(server.id, 'down'),
      () => cluster.network.cable(server.id, 'up'),
    )
  },
}

export const bandwidth = {
  help: 'an interface of 50 kbit to 5 Mbit a second',
  needs: 'namespaces',
  draw: (random) => ({ forMs: random.between(...FOR_MS), kbit: Math.round(50 * 100 ** random.fraction()) }),
  begin: (scene, { forMs, kbit }) => {
    const { cluster, server } = scene
    return meanwhile(
      scene,
      forMs,
      () => cluster.network.bound(server.id, `${kbit}kbit`),
      () => cluster.network.bound(server.id, null),
    )
  },
}
