/** Partitions of every kind, and links that delay, lose, repeat, reorder, cut and corrupt. */
import type { LinkState } from '../network/link.ts'
import type { Action } from '../plan.ts'
import type { SimCluster } from '../sim-cluster.ts'
import type { SimServer } from '../sim-server.ts'
import { aimAt } from './aim.ts'
import type { Doing, Stage } from './stage.ts'

type NetworkAction = Extract<
  Action,
  {
    kind:
      | 'isolate'
      | 'partition'
      | 'bridge'
      | 'cutLink'
      | 'flap'
      | 'delay'
      | 'slowLink'
      | 'unruly'
      | 'cutFrames'
      | 'corruptBytes'
      | 'hangUp'
  }
>

/** See `doingOf`. */
export function doToNetwork(action: NetworkAction, stage: Stage): Doing | null {
  const { cluster } = stage
  switch (action.kind) {
    case 'isolate':
      return isolate(action, stage)
    case 'partition':
      return partition(action, cluster)
    case 'bridge':
      return bridge(action, cluster)
    case 'cutLink':
      return cutLink(action, cluster)
    case 'flap':
      return flap(action, cluster)
    case 'hangUp':
      return hangUp(action, cluster)
    case 'slowLink':
      return slowLink(action, cluster)
    case 'delay': {
      const { minMs: minDelayMs, maxMs: maxDelayMs } = action
      return everywhere(cluster, `delays of ${minDelayMs} to ${maxDelayMs} ms`, { minDelayMs, maxDelayMs })
    }
    case 'unruly': {
      const { loss, copies, late, lateMs } = action
      const words = `of messages ${percent(loss)} lost, ${percent(copies)} twice, ${percent(late)} up to ${lateMs} ms late`
      return everywhere(cluster, words, { lossChance: loss, copyChance: copies, lateChance: late, lateMs })
    }
    case 'cutFrames':
      return everywhere(cluster, `${percent(action.chance)} of frames cut`, { cutChance: action.chance })
    case 'corruptBytes':
      return everywhere(cluster, `${percent(action.chance)} of pieces corrupted`, { corruptChance: action.chance })
  }
}

type Of<Kind extends NetworkAction['kind']> = Extract<NetworkAction, { kind: Kind }>

function isolate({ server: target, hears, isHeard }: Of<'isolate'>, { cluster, random }: Stage): Doing | null {
  const server = aimAt(target, cluster, random)
  if (server === null) return null
  const isCut = (from: SimServer, to: SimServer): boolean => (to === server && !hears) || (from === server && !isHeard)
  const words = hears ? 'hears and is not heard' : isHeard ? 'is heard and does not hear' : 'is cut off'
  return { words, server, end: cut(cluster, isCut) }
}

function partition({ side, oneWay }: Of<'partition'>, cluster: SimCluster): Doing {
  const isHere = (server: SimServer): boolean => isOn(side, server)
  const isCut = (from: SimServer, to: SimServer): boolean => isHere(from) !== isHere(to) && (!oneWay || isHere(from))
  const [here, there] = [names(cluster, isHere), names(cluster, (one) => !isHere(one))]
  return { words: `partition ${here}${oneWay ? ' ←' : ' |'} ${there}`, server: null, end: cut(cluster, isCut) }
}

function bridge({ server, side }: Of<'bridge'>, cluster: SimCluster): Doing {
  const middle = cluster.server(server)
  const isCut = (from: SimServer, to: SimServer): boolean =>
    from !== middle && to !== middle && isOn(side, from) !== isOn(side, to)
  return { words: 'is the bridge between two sides', server: middle, end: cut(cluster, isCut) }
}

function cutLink(action: Of<'cutLink'>, cluster: SimCluster): Doing | null {
  const [from, to] = [cluster.server(action.from), cluster.server(action.to)]
  if (from === to) return null
  const end = cut(cluster, (a, b) => a === from && b === to)
  return { words: `no way from ${from.id} to ${to.id}`, server: null, end }
}

function hangUp(action: Of<'hangUp'>, cluster: SimCluster): Doing {
  const [one, other] = [cluster.server(action.one), cluster.server(action.other)]
  cluster.network.hangUp(one.id, other.id)
  return { words: `connections between ${one.id} and ${other.id} break`, server: null, end: null }
}

function slowLink({ from, to, bytesPerMs }: Of<'slowLink'>, cluster: SimCluster): Doing {
  const link = cluster.links.of(cluster.server(from).id, cluster.server(to).id)
  link.set({ bytesPerMs })
  const words = `${link.from} to ${link.to}: ${bytesPerMs} bytes a ms`
  return { words, server: null, end: () => link.set({ bytesPerMs: cluster.calm.bytesPerMs }) }
}

/** In a mask of servers, the lowest bit is the first one. */
function isOn(side: number, { number }: SimServer): boolean {
  return ((side >> (number - 1)) & 1) === 1
}

/** @returns what puts them together again */
function cut(cluster: SimCluster, isCut: (from: SimServer, to: SimServer) => boolean): () => void {
  const links = pairs(cluster)
    .filter(([from, to]) => isCut(from, to))
    .map(([from, to]) => cluster.links.of(from.id, to.id))
  for (const link of links) link.block()
  return () => {
    for (const link of links) link.unblock()
  }
}

function flap(action: Extract<Action, { kind: 'flap' }>, cluster: SimCluster): Doing | null {
  const { world } = cluster
  const [from, to] = [cluster.server(action.from), cluster.server(action.to)]
  if (from === to) return null
  const link = cluster.links.of(from.id, to.id)
  let isDown = false
  let isOver = false
  const turn = (): void => {
    if (isOver) return
    if (isDown) link.unblock()
    else link.block()
    isDown = !isDown
    world.schedule(action.everyMs, turn)
  }
  turn()
  const end = (): void => {
    isOver = true
    if (isDown) link.unblock()
  }
  return { words: `the way from ${from.id} to ${to.id} comes and goes every ${action.everyMs} ms`, server: null, end }
}

/** On every link there is, until it ends: then as when nothing is wrong. */
function everywhere(cluster: SimCluster, words: string, change: Partial<LinkState>): Doing {
  const links = pairs(cluster).map(([from, to]) => cluster.links.of(from.id, to.id))
  for (const link of links) link.set(change)
  const { calm } = cluster
  const back = Object.fromEntries(Object.keys(change).map((name) => [name, calm[name as keyof LinkState]]))
  return {
    words,
    server: null,
    end: () => {
      for (const link of links) link.set(back)
    },
  }
}

function pairs({ servers }: SimCluster): (readonly [SimServer, SimServer])[] {
  return servers.flatMap((from) => servers.filter((to) => to !== from).map((to) => [from, to] as const))
}

function names({ servers }: SimCluster, which: (server: SimServer) => boolean): string {
  return servers
    .filter(which)
    .map(({ id }) => id)
    .join(' ')
}

function percent(chance: number): string {
  return `${Math.round(chance * 1000) / 10} %`
}
