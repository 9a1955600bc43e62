// One server of the measured cluster: a whole Quorate node with a real log, and a state machine that only counts, so
// that what is measured is replication and nothing else.
import { join } from 'node:path'
import { startNode } from 'quorate'
import { runLoad } from './load.js'

const NOTHING = new Uint8Array(0)

/** Counts commands, and is no work beside replication. */
export class Counter {
  count = 0

  apply(entries) {
    this.count += entries.length
    return entries.map(() => NOTHING)
  }

  snapshot() {
    const text = String(this.count)
    return (async function* () {
      yield new TextEncoder().encode(text)
    })()
  }

  async restore(source) {
    let text = ''
    for await (const piece of source) text += new TextDecoder().decode(piece)
    this.count = Number(text)
  }
}

// A log that has been in use for a while has segments of full size. A new one starts small and grows, and what it costs
// to write the first zeros would be measured instead of replication; the ceiling's file is there beforehand, too.
const STORAGE = { firstSegmentBytes: 64 * 1024 * 1024 }

export async function serve(directory, id, members, options = {}) {
  const stateMachine = new Counter()
  const listen = { directory: join(directory, id), members }
  return startNode({ id, cluster: 'bench', ...listen, stateMachine, storage: STORAGE, ...options })
}

export async function loadLeader(node, load) {
  return runLoad((command) => node.propose(command, { timeoutMs: 30_000 }), load)
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
