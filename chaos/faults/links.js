// What the proxy between the servers does: see harness/proxy.js. Each is undone after a while, or when the phase heals.
import { sleep } from '../harness/time.js'

const FOR_MS = [200, 8000]
/** Longer than most frames of an idle cluster, shorter than those of a busy one. */
const MAX_CUT_OFFSET = 400

/** Holds for a while, unless the trouble is over sooner. */
async function meanwhile({ ended }, links, forMs, set, clear) {
  for (const link of links) set(link)
  await Promise.race([sleep(forMs), ended])
  for (const link of links) clear(link)
}

/** One server against another one, or against all others. */
function drawPair(random) {
  return { forMs: random.between(...FOR_MS), everybody: random.chance(0.5), way: random.below(2) }
}

function linksOf({ cluster, server, other }, { everybody }, ways) {
  const others = everybody ? cluster.servers.filter((each) => each !== server) : [other]
  const { network } = cluster
  return others.flatMap(({ id }) =>
    [network.link(server.id, id), network.link(id, server.id)].filter((_, way) => ways.includes(way)),
  )
}

const release = (link) => {
  link.isHeld = false
  link.run()
}

export const blackhole = {
  help: 'nothing passes between two servers, or between one and all others',
  needs: 'proxy',
  draw: drawPair,
  begin: (scene, drawn) => meanwhile(scene, linksOf(scene, drawn, [0, 1]), drawn.forMs, (link) => link.hold(), release),
}

export const oneWay = {
  help: 'the same in one direction only',
  needs: 'proxy',
  draw: drawPair,
  begin: (scene, drawn) =>
    meanwhile(scene, linksOf(scene, drawn, [drawn.way]), drawn.forMs, (link) => link.hold(), release),
}

export const cut = {
  help: 'connections that end in the middle of a frame',
  needs: 'proxy',
  draw: (random) => ({ ...drawPair(random), offset: random.between(1, MAX_CUT_OFFSET) }),
  begin: async (scene, drawn) => {
    for (const link of linksOf(scene, drawn, [0, 1])) link.cutNext(drawn.offset)
  },
}

export const reset = {
  help: 'connections that are reset',
  needs: 'proxy',
  draw: drawPair,
  begin: async (scene, drawn) => {
    for (const link of linksOf(scene, drawn, [0, 1])) link.reset()
  },
}

export const slow = {
  help: 'links of 1 to 100 kB a second',
  needs: 'proxy',
  draw: (random) => ({ ...drawPair(random), bytesPerSecond: Math.round(1000 * 100 ** random.fraction()) }),
  begin: (scene, drawn) =>
    meanwhile(
      scene,
      linksOf(scene, drawn, [0, 1]),
      drawn.forMs,
      (link) => (link.bytesPerSecond = drawn.bytesPerSecond),
      (link) => (link.bytesPerSecond = Number.POSITIVE_INFINITY),
    ),
}

export const delay = {
  help: 'links that take 20 ms to 1 s longer',
  needs: 'proxy',
  draw: (random) => ({ ...drawPair(random), delayMs: Math.round(20 * 50 ** random.fraction()) }),
  begin: (scene, drawn) =>
    meanwhile(
      scene,
      linksOf(scene, drawn, [drawn.way]),
      drawn.forMs,
      (link) => (link.delayMs = drawn.delayMs),
      (link) => (link.delayMs = 0),
    ),
}

export const corrupt = {
  help: 'bytes that arrive as others, in one of twenty pieces',
  needs: 'proxy',
  draw: drawPair,
  begin: (scene, drawn) =>
    meanwhile(
      scene,
      linksOf(scene, drawn, [drawn.way]),
      drawn.forMs,
      (link) => (link.corruptChance = 0.05),
      (link) => (link.corruptChance = 0),
    ),
}
