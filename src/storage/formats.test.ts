/** docs/formats says what lies on the disk; here its examples are held against the code, byte for byte. */
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { votersOnly } from '../raft/configuration.ts'
import { encodeEntries } from '../raft/entry.ts'
import { equal, toHex, utf8Decode, utf8Encode } from '../util/bytes.ts'
import { Random } from '../util/random.ts'
import { batchEnd, decodeBody, decodeHeader } from './batch.ts'
import { DiskLog } from './disk-log.ts'
import { DiskSnapshots } from './disk-snapshots.ts'
import { MemoryFileSystem } from './memory-file-system.ts'
import { SEGMENT_HEADER_BYTES } from './segment.ts'
import { SharedLog } from './shared-log.ts'
import { createLog } from './write-ahead-log.ts'

/** The bytes of one of a document's hex blocks: lines of `offset  bytes  remark`. */
function exampleIn(document: string, number = 1): Uint8Array {
  const text = readFileSync(new URL(`../../docs/formats/${document}`, import.meta.url), 'utf8')
  const block = [...text.matchAll(/```hex\n([^`]*)```/g)][number - 1]?.[1] ?? ''
  const lines = block.trim().split('\n')
  const hex = lines.map(
    (line) => /^[0-9a-f]{4} {2}((?:[0-9a-f]{2} )*[0-9a-f]{2})/.exec(line)?.[1] ?? 'line not understood',
  )
  return Uint8Array.from(hex.join(' ').split(' '), (byte) => Number.parseInt(byte, 16))
}

const logId = utf8Encode('a log id')

describe('docs/formats/log.md', () => {
  test('shows a segment that this program reads', () => {
    const example = exampleIn('log.md')
    const header = decodeHeader(example, SEGMENT_HEADER_BYTES)
    if (header === null) throw new Error('the example has no batch')
    expect(header).toMatchObject({ logId, segment: 1, offset: 32, number: 1, previous: 0 })
    expect(batchEnd(header)).toBe(example.length)
    const body = decodeBody(example, SEGMENT_HEADER_BYTES, header)
    if ('reason' in body) throw new Error(body.reason)
    expect(body.records).toEqual([
      { type: 'hardState', hardState: { term: 0, votedFor: null } },
      { type: 'start', base: { index: 0, term: 0 }, last: { index: 0, term: 0 } },
      { type: 'hardState', hardState: { term: 2, votedFor: 's1' } },
      { type: 'entries', count: 1, bytes: 29 },
    ])
    expect(body.entries.map((entry) => [entry.index, entry.term, utf8Decode(entry.command)])).toEqual([[1, 2, 'hello']])
  })

  test('shows a segment as this program writes it', async () => {
    const fileSystem = new MemoryFileSystem()
    const options = { fileSystem, logId, firstSegmentBytes: 8192 }
    await createLog(options)
    const log = new DiskLog(options)
    await log.open()
    const entries = encodeEntries([utf8Encode('hello')], 'command', 2, 1)
    await log.write([{ seq: 1, hardState: { term: 2, votedFor: 's1' }, snapshot: null, truncateFrom: null, entries }])
    const example = exampleIn('log.md')
    expect(toHex(fileSystem.image('log-00000001.qlog').read(0, example.length))).toBe(toHex(example))
  })
})

describe('docs/formats/log.md, of a shared log', () => {
  const example = exampleIn('log.md', 2)

  test('shows batches as this program writes them', async () => {
    const fileSystem = new MemoryFileSystem()
    const options = { fileSystem, logId, firstSegmentBytes: 8192 }
    await createLog(options)
    const log = new SharedLog(options)
    await log.open()
    const group = log.group('g')
    await group.open()
    const entries = encodeEntries([utf8Encode('hello')], 'command', 2, 1)
    await group.write([{ seq: 1, hardState: { term: 2, votedFor: null }, snapshot: null, truncateFrom: null, entries }])
    const image = fileSystem.image('log-00000001.qlog')
    expect(toHex(image.read(SEGMENT_HEADER_BYTES, example.length))).toBe(toHex(example))
  })

  test('shows batches that this program reads', async () => {
    const fileSystem = new MemoryFileSystem()
    const options = { fileSystem, logId, firstSegmentBytes: 8192 }
    await createLog(options)
    fileSystem.image('log-00000001.qlog').write(SEGMENT_HEADER_BYTES, example)
    const log = new SharedLog(options)
    expect((await log.open()).groups).toEqual(['g'])
    const { hardState, tail } = await log.group('g').open()
    expect(hardState).toEqual({ term: 2, votedFor: null })
    expect(tail.map(({ index, term, command }) => [index, term, utf8Decode(command)])).toEqual([[1, 2, 'hello']])
  })
})

describe('docs/formats/snapshot.md', () => {
  const meta = { index: 42, term: 2, configuration: votersOnly({ s1: 'h:1' }) }

  test('shows a snapshot that this program reads', async () => {
    const fileSystem = new MemoryFileSystem()
    const file = await fileSystem.open('snapshot-0000000000000042.qsnap', 'create')
    file.write(0, [exampleIn('snapshot.md')])
    const snapshots = new DiskSnapshots({ fileSystem, random: new Random(1) })
    const { latest } = await snapshots.open()
    expect(latest).toEqual({ id: 'an-id', meta, sizeBytes: 5 })
    if (latest !== null) for await (const piece of snapshots.read(latest)) expect(utf8Decode(piece)).toBe('state')
  })

  test('shows a snapshot as this program writes it', async () => {
    const fileSystem = new MemoryFileSystem()
    const snapshots = new DiskSnapshots({ fileSystem, random: new Random(1) })
    const writer = await snapshots.create(meta, 'an-id')
    await writer.write(utf8Encode('state'))
    await writer.commit()
    const image = fileSystem.image('snapshot-0000000000000042.qsnap')
    expect(equal(image.read(0, image.size), exampleIn('snapshot.md'))).toBe(true)
  })

  test('promises that any byte that has changed is noticed', async () => {
    const fileSystem = new MemoryFileSystem()
    const name = 'snapshot-0000000000000042.qsnap'
    const file = await fileSystem.open(name, 'create')
    file.write(0, [exampleIn('snapshot.md')])
    for (let offset = 0; offset < file.size; offset++) {
      fileSystem.image(name).flip(offset, 4)
      const opening = new DiskSnapshots({ fileSystem, random: new Random(1) }).open()
      await expect(opening, `byte ${offset}`).rejects.toMatchObject({ code: 'ERR_QUORATE_STORAGE_DAMAGED' })
      fileSystem.image(name).flip(offset, 4)
    }
  })
})
