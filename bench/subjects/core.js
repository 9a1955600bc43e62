// The core alone: three servers in one process, no disk, no network, no state machine. What is left is what Raft itself
// costs: encoding, the log, AppendEntries and its answer, counting, handing out to apply.
import { Raft, votersOnly } from 'quorate/raft'

const IDS = ['a', 'b', 'c']
const PIECE_COMMANDS = 5000

class Server {
  constructor(id, random) {
    const configuration = votersOnly(Object.fromEntries(IDS.map((each) => [each, `${each}:1`])))
    const snapshot = { index: 0, term: 0, configuration }
    const boot = { hardState: { term: 0, votedFor: null }, snapshot, base: { index: 0, term: 0 } }
    this.raft = new Raft({ id }, { ...boot, lastIndex: 0, terms: [], configurations: [], tail: [] }, random, 0)
    this.applied = 0
  }

  /** Everything that comes of an input here, with a disk and a state machine that take no time. @returns messages */
  work(now) {
    const messages = []
    const { raft } = this
    while (raft.hasReady()) {
      const { persist, messages: outgoing, apply } = raft.takeReady()
      for (const { message } of outgoing) messages.push(message)
      if (persist !== null) raft.persisted(persist.seq, now)
      if (apply.length > 0) {
        this.applied = apply[apply.length - 1].index
        raft.applied(this.applied, now)
      }
    }
    return messages
  }
}

class Servers {
  constructor() {
    // Nobody's timer runs out here but that of `a`, by hand.
    const random = { fraction: () => 0.5, uint32: () => 1 }
    this.byId = new Map(IDS.map((id) => [id, new Server(id, random)]))
    this.now = 0
    this.leader = this.byId.get('a')
    this.now = 1000
    this.leader.raft.tick(this.now)
    this.settle(this.leader)
    if (this.leader.raft.inspect().role !== 'leader') throw new Error('a was not elected')
  }

  settle(first) {
    let messages = first.work(this.now)
    while (messages.length > 0) {
      const next = []
      for (const message of messages) {
        const server = this.byId.get(message.to)
        server.raft.step(message, this.now)
        for (const reply of server.work(this.now)) next.push(reply)
      }
      messages = next
    }
  }

  commit(commands) {
    const { accepted } = this.leader.raft.propose(commands, this.now)
    if (!accepted) throw new Error('refused')
    this.settle(this.leader)
  }
}

/** @returns µs a command, all three servers together; the best of several pieces, because others may be at work here */
export function measureCore({ batch, size, seconds }) {
  const servers = new Servers()
  const commands = Array.from({ length: batch }, () => new Uint8Array(size).fill(120))
  const piece = Math.max(Math.round(PIECE_COMMANDS / batch), 1)
  let best = Number.POSITIVE_INFINITY
  let total = 0
  const begun = performance.now()
  for (let elapsed = 0, pieces = 0; elapsed < seconds * 1000; pieces++) {
    const at = performance.now()
    for (let i = 0; i < piece; i++) servers.commit(commands)
    const microseconds = ((performance.now() - at) * 1000) / (piece * batch)
    if (pieces > 3) best = Math.min(best, microseconds)
    total += piece * batch
    elapsed = performance.now() - begun
  }
  const mean = ((performance.now() - begun) * 1000) / total
  // Too short a run has no piece behind the warm-up.
  return { microseconds: mean, bestMicroseconds: Math.min(best, mean), commands: total }
}
