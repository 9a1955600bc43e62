// The disk alone, in one process: append and fdatasync, with nobody to send it to. Beside it the library's own log, for
// what checksums, an index and a format that survives a crash cost.
import { randomBytes } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { encodeEntries } from 'quorate/raft'
import { createLog, DiskLog } from 'quorate/storage'
// The file system behind the log's port is no part of the public face.
import { NodeFileSystem } from '../../dist/io/node-file-system.js'
import { Latencies, round } from '../harness/latencies.js'
import { encodeBatch } from './ceiling.js'
import { SyncedFile } from './synced-file.js'
import { Waiting } from './waiting.js'

/** The commands of a turn are one batch, and done when it is synced. */
export class DiskAlone {
  static async open(directory, preallocated) {
    const disk = new DiskAlone(join(directory, 'disk-alone'), preallocated)
    await disk.file.prepare()
    return disk
  }

  constructor(path, preallocated) {
    this.file = new SyncedFile(path, preallocated, (last) => this.reach(last))
    this.waiting = new Waiting()
    this.commands = []
    this.last = 0
    this.durable = 0
  }

  append(command) {
    return new Promise((resolve) => {
      this.last++
      this.waiting.push(resolve)
      if (this.commands.push(command) === 1) setImmediate(() => this.flush())
    })
  }

  flush() {
    this.file.append([encodeBatch(this.commands, this.last)], this.last)
    this.commands = []
  }

  reach(last) {
    for (; this.durable < last; this.durable++) this.waiting.settleFirst()
  }
}

/**
 * Batches of entries one after the other, each durable before the next: into a plain file and into a DiskLog in turns.
 *
 * @returns {Promise<{ file: object, log: object }[]>} one pair for each turn
 */
export async function measureAppends({ directory, batch, size, seconds, turns, warmUpSeconds, segmentBytes }) {
  const commands = Array.from({ length: batch }, () => new Uint8Array(size).fill(120))
  const file = plainFile(directory, commands)
  const { append, close } = await ownLog(directory, commands, segmentBytes)
  await appendFor(append, batch, warmUpSeconds)
  const pairs = []
  for (let i = 0; i < turns; i++) {
    const beside = await appendFor(file.append, batch, seconds)
    pairs.push({ file: beside, log: await appendFor(append, batch, seconds) })
  }
  file.close()
  await close()
  return pairs
}

async function appendFor(append, batch, seconds) {
  const latencies = new Latencies()
  const begun = performance.now()
  for (let now = begun; now - begun < seconds * 1000; ) {
    await append()
    const done = performance.now()
    latencies.add(done - now)
    now = done
  }
  const syncsPerSecond = (latencies.count / (performance.now() - begun)) * 1000
  const { p50Ms, p99Ms } = latencies.summary()
  return { entriesPerSecond: round(syncsPerSecond * batch), syncsPerSecond: round(syncsPerSecond), p50Ms, p99Ms }
}

/** The same bytes, as a server without a log would write them. */
function plainFile(directory, commands) {
  let resolve
  const file = new SyncedFile(join(directory, 'appended'), false, () => resolve())
  return {
    append: () =>
      new Promise((done) => {
        resolve = done
        file.append([encodeBatch(commands, 0)], 0)
      }),
    close: () => file.close(),
  }
}

async function ownLog(directory, commands, segmentBytes) {
  const folder = join(directory, 'log')
  mkdirSync(folder)
  // As in node.js: a log that has been in use for a while has segments of full size.
  const options = { fileSystem: new NodeFileSystem(folder), logId: randomBytes(8), firstSegmentBytes: segmentBytes }
  await createLog(options)
  const log = new DiskLog(options)
  await log.open()
  let index = 0
  const write = (seq, entries) => log.write([{ seq, hardState: null, snapshot: null, truncateFrom: null, entries }])
  await log.write([{ seq: 0, hardState: { term: 1, votedFor: 'a' }, snapshot: null, truncateFrom: null, entries: [] }])
  return {
    append: () => {
      const entries = encodeEntries(commands, 'command', 1, index + 1)
      index += commands.length
      return write(index, entries)
    },
    close: () => log.close(),
  }
}
