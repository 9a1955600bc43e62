// Reopening a long log: a server alone writes it, stops, and starts again.
import { withChildren } from '../children.js'

export const title = 'reopening a log'

export async function* run({ directory, size = 256, logBytes = 1e9 }) {
  yield await withChildren(2, directory, async ([writer, reader], folder) => {
    const members = { a: '127.0.0.1:0' }
    const options = { snapshotEveryBytes: 1e15 }
    await writer.ask('serve', { directory: folder, id: 'a', members, options })
    const { commands } = await writer.ask('fill', { bytes: logBytes, size })
    await writer.ask('stop')
    const begun = performance.now()
    await reader.ask('serve', { directory: folder, id: 'a', members, options })
    const seconds = (performance.now() - begun) / 1000
    return { scenario: title, bytes: logBytes, size, commands, seconds: Math.round(seconds * 100) / 100 }
  })
}

export const columns = [
  ['log', (row) => `${row.bytes / 1e9} GB`],
  ['commands', (row) => row.commands],
  ['bytes each', (row) => row.size],
  ['until started', (row) => `${row.seconds} s`],
]
