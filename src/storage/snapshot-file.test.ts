import { expect, test } from 'vitest'
import { votersOnly } from '../raft/configuration.ts'
import type { File } from './file-system.ts'
import { MemoryFileSystem, type OperationKind } from './memory-file-system.ts'
import { SnapshotFileWriter } from './snapshot-file.ts'

const MIB = 2 ** 20
const CHUNK = 64 * 1024
const META = { index: 7, term: 2, configuration: votersOnly({ a: 'a:1' }) }

/** A file, and what was done to it. */
async function watchedFile(): Promise<{ file: File; done: OperationKind[] }> {
  const done: OperationKind[] = []
  const fileSystem = new MemoryFileSystem({
    fault: ({ kind }) => {
      done.push(kind)
      return null
    },
  })
  return { file: await fileSystem.open('snapshot', 'create'), done }
}

test('the log waits for the disk behind 1 MiB of a snapshot at most', async () => {
  const { file, done } = await watchedFile()
  const writer = new SnapshotFileWriter(file, '00', META)
  for (let written = 0; written < 5 * MIB; written += CHUNK) await writer.write(new Uint8Array(CHUNK))
  await writer.finish()
  const runs = done.join(' ').split('sync')
  expect(runs.length).toBeGreaterThan(5)
  for (const run of runs) expect(run.split('write').length - 1).toBeLessThanOrEqual(MIB / CHUNK + 1)
})
