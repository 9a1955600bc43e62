// A process of the benchmark: does what its parent asks over IPC. Its own disk, its own event loop, as in production.

import { Ceiling, follow } from '../subjects/ceiling.js'
import { DiskAlone, measureAppends } from '../subjects/disk.js'
import { httpRequester } from '../subjects/etcd-api.js'
import { Host } from '../subjects/host.js'
import { fill, serve } from '../subjects/node.js'
import { closedLoop } from './load.js'
import { OpenLoop } from './open-loop.js'
import { Writer } from './writer.js'

let node = null
let host = null
let ceiling = null
let disk = null
let openLoop = null
let writer = null
let highestBytes = 0
const snapshotEvents = []

const propose = (command) => node.propose(command, { timeoutMs: 30_000 })

const TASKS = {
  // The raw ceiling.
  follow: ({ directory, port, preallocated }) => follow(directory, port, preallocated),
  lead: async ({ directory, ports, preallocated }) => {
    ceiling = await Ceiling.open(directory, ports, preallocated)
  },
  loadCeiling: ({ load }) => closedLoop((command) => ceiling.propose(command), load),
  openDisk: async ({ directory, preallocated }) => {
    disk = await DiskAlone.open(directory, preallocated)
  },
  loadDisk: ({ load }) => closedLoop((command) => disk.append(command), load),
  measureAppends,

  // A server.
  serve: async ({ directory, id, members, options }) => {
    node = await serve(directory, id, members, options)
    node.on('snapshot', (event) => snapshotEvents.push(event))
    setInterval(watchMemory, 50).unref()
  },
  status: () => node.status(),
  stop: () => node.stop(),
  fill: ({ bytes, size }) => fill(node, bytes, size),
  takeSnapshot: () => node.snapshot(),
  snapshotEvents: () => snapshotEvents,
  /** The highest resident memory since it was last asked for. */
  memory: () => {
    watchMemory()
    const highestMb = Math.round(highestBytes / 2 ** 20)
    highestBytes = 0
    return { highestMb }
  },

  // A host of many groups.
  host: async ({ directory, id, members, groups, segmentBytes }) => {
    host = await Host.start(directory, id, members, groups, segmentBytes)
    setInterval(watchMemory, 250).unref()
  },
  standing: ({ groups }) => host.standing(groups),
  loadGroups: ({ groups, load }) => host.load(groups, load),
  processor: () => {
    const { user, system } = process.cpuUsage()
    return { usedMs: (user + system) / 1000, nowMs: performance.now() }
  },

  // Load on a server.
  load: ({ load }) => closedLoop(propose, load),
  read: ({ load }) => closedLoop(() => node.read(() => 0), load),
  loadHttp: ({ port, load }) => {
    const { request, close } = httpRequester(port, load)
    return closedLoop(request, load).finally(close)
  },
  beginOpenLoop: ({ load }) => {
    openLoop = new OpenLoop(propose, load)
  },
  cutOpenLoop: () => openLoop.cut(),
  endOpenLoop: () => openLoop.stop(),
  beginWriting: () => {
    writer = new Writer(propose)
  },
  nextWrite: ({ since }) => writer.next(since),
  endWriting: () => writer.stop(),
}

function watchMemory() {
  highestBytes = Math.max(highestBytes, process.memoryUsage.rss())
}

process.on('message', async ({ number, task, details }) => {
  try {
    process.send({ number, result: await TASKS[task](details) })
  } catch (error) {
    process.send({ number, error: error.message })
  }
})
process.on('disconnect', () => process.exit(0))
