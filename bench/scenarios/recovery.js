// Reopening a long log: a server alone writes it, stops, and starts again.
import { withChildren } from '../harness/children.js'
import { figure, size as sizeText } from '../harness/table.js'

export const title = 'reopening a log'

const SIZE = 256
/** Seconds a gigabyte. */
const GOAL = 3

export async function* run({ directory, logBytes, segmentBytes }, progress) {
  yield await withChildren(2, directory, async ([writer, reader], folder) => {
    progress(`writing ${sizeText(logBytes)}`)
    const members = { a: '127.0.0.1:0' }
    const options = { snapshotEveryBytes: 1e15, segmentBytes }
    await writer.ask('serve', { directory: folder, id: 'a', members, options })
    const { commands } = await writer.ask('fill', { bytes: logBytes, size: SIZE })
    await writer.ask('stop')
    progress('opening it')
    const begun = performance.now()
    await reader.ask('serve', { directory: folder, id: 'a', members, options })
    const seconds = (performance.now() - begun) / 1000
    return { scenario: title, bytes: logBytes, size: SIZE, commands, seconds }
  })
}

export const columns = [
  ['log', (row) => sizeText(row.bytes)],
  ['commands', (row) => row.commands.toLocaleString('en')],
  ['bytes each', (row) => row.size],
  ['until started', (row) => figure(row.seconds, 's')],
  ['goal', (row) => `≤ ${GOAL} s/GB ${row.seconds <= (GOAL * row.bytes) / 1e9 ? 'yes' : 'no'}`],
]
