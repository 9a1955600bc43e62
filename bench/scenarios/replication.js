// Durable replication: Quorate, the raw ceiling and the disk alone in turns, all on this machine with real fdatasync. The
// ceiling is three processes like Quorate, the disk alone is one, with as many who wait for it.
import { freePorts, withChildren } from '../harness/children.js'
import { withCluster } from '../harness/cluster.js'
import { medianOf, spreadOf } from '../harness/latencies.js'
import { figure, percent, size as sizeText } from '../harness/table.js'

export const title = 'durable replication'

const ALL_PROPOSERS = [1, 8, 64, 512, 4096]
const ALL_SIZES = [16, 256, 4096, 65_536]
const USUAL = { proposers: 64, size: 256 }

export const SHARE_GOAL = 0.6
export const P50_GOAL = 1.5

const MIB = 1024 * 1024

/** All proposers at the usual size, and all sizes with the usual proposers; of two lists that are given, all pairs. */
function cellsOf({ proposers, sizes }) {
  const pairs = (many, few) => many.flatMap((count) => few.map((size) => ({ proposers: count, size })))
  if (proposers !== null && sizes !== null) return pairs(proposers, sizes)
  if (proposers !== null) return pairs(proposers, [USUAL.size])
  if (sizes !== null) return pairs([USUAL.proposers], sizes)
  const others = ALL_SIZES.filter((size) => size !== USUAL.size)
  return [...pairs(ALL_PROPOSERS, [USUAL.size]), ...pairs([USUAL.proposers], others)]
}

export async function* run(options, progress) {
  for (const cell of cellsOf(options)) yield rowOf(cell, await measureCell(cell, options, progress))
}

/** @returns {Promise<{ ceiling: object, disk: object, quorate: object }[]>} each turn's figures */
function measureCell({ proposers, size }, options, progress) {
  const { directory, preallocated, seconds, turns, warmUpSeconds } = options
  // All may be waiting at once, and more than that must not be refused.
  const bytes = Math.max(64 * MIB, 2 * proposers * (size + 64))
  const limits = { maxQueuedBytes: bytes, raft: { maxUncommittedBytes: bytes } }
  const load = { clients: proposers, size, seconds }
  const words = `${proposers} proposers, ${sizeText(size)}`
  return withCluster(
    options,
    ({ leader }) =>
      withCeiling(directory, preallocated, async (ceiling, disk) => {
        progress(`${words}: warming up`)
        const warmUp = { ...load, seconds: 0.1, warmUpSeconds }
        await leader.ask('load', { load: warmUp })
        await ceiling.ask('loadCeiling', { load: warmUp })
        await disk.ask('loadDisk', { load: warmUp })
        const measured = []
        for (let turn = 1; turn <= turns; turn++) {
          progress(`${words}: turn ${turn} of ${turns}`)
          measured.push({
            ceiling: await ceiling.ask('loadCeiling', { load }),
            quorate: await leader.ask('load', { load }),
            disk: await disk.ask('loadDisk', { load }),
          })
        }
        return measured
      }),
    limits,
  )
}

function withCeiling(directory, preallocated, use) {
  return withChildren(4, directory, async ([leader, disk, ...followers], folder) => {
    const ports = await freePorts(followers.length)
    const place = { directory: folder, preallocated }
    await Promise.all(followers.map((follower, i) => follower.ask('follow', { ...place, port: ports[i] })))
    await leader.ask('lead', { ...place, ports })
    await disk.ask('openDisk', place)
    return use(leader, disk)
  })
}

function rowOf({ proposers, size }, turns) {
  const ratios = (of) => spreadOf(turns.map(of))
  return {
    scenario: title,
    proposers,
    size,
    turns: turns.length,
    ...medianOf(turns.map(({ quorate }) => quorate)),
    ceiling: medianOf(turns.map(({ ceiling }) => ceiling)),
    disk: medianOf(turns.map(({ disk }) => disk)),
    share: ratios(({ quorate, ceiling }) => quorate.opsPerSecond / ceiling.opsPerSecond),
    shareOfDisk: ratios(({ quorate, disk }) => quorate.opsPerSecond / disk.opsPerSecond),
    p50Ratio: ratios(({ quorate, ceiling }) => quorate.p50Ms / ceiling.p50Ms),
  }
}

export const columns = [
  ['proposers', (row) => row.proposers],
  ['size', (row) => sizeText(row.size)],
  ['disk alone/s', (row) => figure(row.disk.opsPerSecond)],
  ['ceiling/s', (row) => figure(row.ceiling.opsPerSecond)],
  ['ceiling p50', (row) => figure(row.ceiling.p50Ms, 'ms')],
  ['quorate/s', (row) => figure(row.opsPerSecond)],
  ['p50', (row) => figure(row.p50Ms, 'ms')],
  ['p99', (row) => figure(row.p99Ms, 'ms')],
  ['p999', (row) => figure(row.p999Ms, 'ms')],
  ['share of the ceiling', ({ share }) => `${percent(share.median)} (${percent(share.low)}–${percent(share.high)})`],
  ['of the disk', ({ shareOfDisk }) => percent(shareOfDisk.median)],
  [
    'p50 to ceiling',
    ({ p50Ratio }) => `${figure(p50Ratio.median)} × (${figure(p50Ratio.low)}–${figure(p50Ratio.high)})`,
  ],
  ['goal', goalOf],
]

function goalOf({ proposers, share, p50Ratio }) {
  const isReached = proposers === 1 ? p50Ratio.median <= P50_GOAL : share.median >= SHARE_GOAL
  const words = proposers === 1 ? `p50 ≤ ${P50_GOAL} ×` : `≥ ${percent(SHARE_GOAL)}`
  return `${words} ${isReached ? 'yes' : 'no'}`
}
