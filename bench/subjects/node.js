// One server of the measured cluster: a whole Quorate node with a real log, and a state machine that only counts, so
// that what is measured is replication and nothing else.
import { join } from 'node:path'
import { startNode } from 'quorate'

const NOTHING = new Uint8Array(0)
const PIECE_BYTES = 64 * 1024

/** Counts commands, and is no work beside replication. */
export class Counter {
  count = 0
  ballastBytes

  /** @param ballastBytes how much its snapshots hold beside the count: what a state of that size would */
  constructor(ballastBytes = 0) {
    this.ballastBytes = ballastBytes
  }

  apply(entries) {
    this.count += entries.length
    return entries.map(() => NOTHING)
  }

  snapshot() {
    return pieces(this.count, this.ballastBytes)
  }

  /** The count ends at the first line's end. */
  async restore(source) {
    let digits = ''
    let isWhole = false
    for await (const piece of source) {
      if (isWhole) continue
      const text = new TextDecoder().decode(piece)
      isWhole = text.includes('\n')
      digits += text.split('\n', 1)[0]
    }
    this.count = Number(digits)
  }
}

async function* pieces(count, ballastBytes) {
  yield new TextEncoder().encode(`${count}\n`)
  const piece = new Uint8Array(PIECE_BYTES).map((_, i) => (i * 167) % 251)
  for (let left = ballastBytes; left > 0; left -= PIECE_BYTES) yield piece.subarray(0, Math.min(left, PIECE_BYTES))
}

export async function serve(directory, id, members, { ballastBytes, segmentBytes, ...options } = {}) {
  // A log that has been in use for a while has segments of full size. A new one starts small and grows, and what it
  // costs to write the first zeros would be measured instead of replication.
  const storage = { firstSegmentBytes: segmentBytes }
  const stateMachine = new Counter(ballastBytes)
  const listen = { directory: join(directory, id), members }
  return startNode({ id, cluster: 'bench', ...listen, stateMachine, storage, ...options })
}

/** Commands until the log is so long. */
export async function fill(node, bytes, size) {
  const command = new Uint8Array(size).fill(120)
  const commands = Math.ceil(bytes / (size + 24))
  for (let done = 0; done < commands; done += 4096) {
    const count = Math.min(4096, commands - done)
    await Promise.all(Array.from({ length: count }, () => node.propose(command, { timeoutMs: 60_000 })))
  }
  return { commands }
}
