// The log alone, without a cluster: batches of entries, each durable before the next, beside a plain file that is
// appended to and synced.
import { withChildren } from '../harness/children.js'
import { medianOf, spreadOf } from '../harness/latencies.js'
import { figure, percent } from '../harness/table.js'

export const title = 'log append'

const SIZE = 256
const BATCHES = [1, 64, 512]

export async function* run({ directory, seconds, turns, warmUpSeconds, segmentBytes }, progress) {
  for (const batch of BATCHES) {
    progress(`batches of ${batch}`)
    const load = { batch, size: SIZE, seconds: seconds / 2, turns, warmUpSeconds, segmentBytes }
    const pairs = await withChildren(1, directory, ([child], folder) =>
      child.ask('measureAppends', { directory: folder, ...load }),
    )
    const log = medianOf(pairs.map((pair) => pair.log))
    yield {
      scenario: title,
      batch,
      size: SIZE,
      turns,
      ...log,
      megabytesPerSecond: (log.entriesPerSecond * SIZE) / 1e6,
      ceiling: medianOf(pairs.map((pair) => pair.file)),
      share: spreadOf(pairs.map((pair) => pair.log.entriesPerSecond / pair.file.entriesPerSecond)),
    }
  }
}

export const columns = [
  ['entries in a batch', (row) => row.batch],
  ['bytes', (row) => row.size],
  ['file: entries/s', (row) => figure(row.ceiling.entriesPerSecond)],
  ['log: entries/s', (row) => figure(row.entriesPerSecond)],
  ['MB/s', (row) => figure(row.megabytesPerSecond)],
  ['syncs/s', (row) => figure(row.syncsPerSecond)],
  ['p50', (row) => figure(row.p50Ms, 'ms')],
  ['p99', (row) => figure(row.p99Ms, 'ms')],
  ['share', ({ share }) => `${percent(share.median)} (${percent(share.low)}–${percent(share.high)})`],
]
