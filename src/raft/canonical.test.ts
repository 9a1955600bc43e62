import { describe, expect, test } from 'vitest'
import { Random } from '../util/random.ts'
import { votersOnly } from './configuration.ts'
import type { Message } from './message.ts'
import type { RaftOptions } from './options.ts'
import { Raft } from './raft.ts'

const IDS = ['s1', 's2', 's3']
const BOOT_CONFIGURATION = votersOnly({ s1: 'one:1', s2: 'two:2', s3: 'three:3' })

function boot(): ConstructorParameters<typeof Raft>[1] {
  const snapshot = { index: 0, term: 0, configuration: BOOT_CONFIGURATION }
  const base = { index: 0, term: 0 }
  return {
    hardState: { term: 0, votedFor: null },
    snapshot,
    base,
    lastIndex: 0,
    terms: [],
    configurations: [],
    tail: [],
  }
}

/** Three servers in lockstep, a few milliseconds at a time, some commands on the way; every message arrives. */
class Cluster {
  readonly servers: Map<string, Raft>
  now = 0

  constructor(options: Partial<RaftOptions> = {}) {
    this.servers = new Map(IDS.map((id, i) => [id, new Raft({ ...options, id }, boot(), new Random(i + 1), 0)]))
  }

  /** Nobody asks for anything. */
  idle(untilMs: number): void {
    for (; this.now < untilMs; this.now += 5) {
      for (const server of this.servers.values()) {
        if (this.now >= (server.nextDeadline() ?? Number.POSITIVE_INFINITY)) server.tick(this.now)
      }
      this.settle()
    }
  }

  run(untilMs: number): void {
    for (; this.now < untilMs; this.now += 5) {
      for (const server of this.servers.values()) {
        if (this.now >= (server.nextDeadline() ?? Number.POSITIVE_INFINITY)) server.tick(this.now)
        if (this.now % 50 === 0) server.propose([Uint8Array.of(this.now & 0xff)], this.now)
        if (this.now % 35 === 0) server.read(this.now, this.now)
      }
      this.settle()
    }
  }

  settle(): void {
    const inbox: Message[] = []
    for (const server of this.servers.values()) {
      while (server.hasReady()) {
        const { persist, messages, apply } = server.takeReady()
        if (persist !== null) server.persisted(persist.seq, this.now)
        const last = apply.at(-1)
        if (last !== undefined) server.applied(last.index, this.now)
        for (const { message } of messages) inbox.push(message)
      }
    }
    for (const message of inbox) this.servers.get(message.to)?.step(message, this.now)
    if (inbox.length > 0) this.settle()
  }
}

describe('the canonical state', () => {
  test('a server that was imported exports the same numbers', () => {
    const cluster = new Cluster()
    cluster.run(1500)
    for (const server of cluster.servers.values()) {
      const numbers = server.exportState()
      server.importState(numbers, cluster.now)
      expect(server.exportState()).toEqual(numbers)
    }
  })

  test('holds integers only', () => {
    const cluster = new Cluster()
    cluster.run(1500)
    for (const server of cluster.servers.values()) {
      expect(server.exportState().every(Number.isSafeInteger)).toBe(true)
    }
  })

  test('a cluster that goes on from imported states does what the original does', () => {
    const original = new Cluster()
    const copy = new Cluster()
    original.run(1500)
    copy.now = original.now
    // Rounding of times is part of the export, so both go on from it.
    for (const [id, server] of original.servers) {
      const numbers = server.exportState()
      server.importState(numbers, original.now)
      copy.servers.get(id)?.importState(numbers, copy.now)
    }
    original.run(4000)
    copy.run(4000)
    for (const [id, server] of original.servers)
      expect(copy.servers.get(id)?.exportState()).toEqual(server.exportState())
    expect(original.servers.get('s1')?.inspect().commitIndex).toBeGreaterThan(40)
  })

  test('a cluster at rest goes on resting from imported states, and wakes as the original does', () => {
    const original = new Cluster({ restAfterMs: 100 })
    const copy = new Cluster({ restAfterMs: 100 })
    original.idle(3000)
    copy.now = original.now
    for (const [id, server] of original.servers) {
      const numbers = server.exportState()
      expect([id, server.inspect().resting]).toEqual([id, true])
      copy.servers.get(id)?.importState(numbers, copy.now)
      expect(copy.servers.get(id)?.exportState()).toEqual(numbers)
      server.importState(numbers, original.now)
    }
    for (const cluster of [original, copy]) {
      cluster.idle(30_000)
      cluster.run(31_000)
      cluster.idle(33_000)
    }
    for (const [id, server] of original.servers)
      expect(copy.servers.get(id)?.exportState()).toEqual(server.exportState())
    expect(original.servers.get('s1')?.inspect().commitIndex).toBeGreaterThan(10)
  })

  test('does not change when time passes and every deadline moves along with it', () => {
    const early = new Raft({ id: 's1' }, boot(), new Random(7), 0)
    const late = new Raft({ id: 's1' }, boot(), new Random(7), 123_456)
    expect(late.exportState()).toEqual(early.exportState())
  })

  test('refuses to leave out what a Ready still holds', () => {
    const server = new Raft({ id: 's1' }, boot(), new Random(1), 0)
    server.tick(10_000)
    expect(() => server.exportState()).toThrow('take the Ready before exporting')
  })
})
