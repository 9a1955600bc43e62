// The two ways of watching: a whole cluster with its history, as all walks do, and each step by itself.
import { describe, expect, test } from 'vitest'
import { encodeEntries } from '../raft/entry.ts'
import type { Raft } from '../raft/raft.ts'
import type { Ready } from '../raft/ready.ts'
import { TestCluster } from '../raft/testing/cluster.ts'
import { randomWalk } from '../raft/testing/random-walk.ts'
import type { Input } from '../spec/step.ts'
import { extensionsOf, RaftObserver } from './observer.ts'

/** Judges each step by what the server was before it, as who explores does, and remembers nothing else. */
class Forgetful extends RaftObserver {
  override saw(raft: Raft, input: Input): void {
    super.saw(raft, input)
    this.adopt(raft)
  }

  override readied(raft: Raft, ready: Ready): void {
    super.readied(raft, ready)
    this.adopt(raft)
  }
}

describe('a server that is taken as it is may go on from there, whatever it was in the middle of', () => {
  test.each([1, 2, 3])('seed %i', (seed) => {
    const observers: RaftObserver[] = []
    const observe = (options: Parameters<typeof extensionsOf>[0]): RaftObserver => {
      observers.push(new Forgetful(extensionsOf(options), 'none'))
      return observers[0] as RaftObserver
    }
    randomWalk(seed, { servers: 3, joiners: 2, steps: 800, observe })
    expect(observers[0]?.specification.steps).toBeGreaterThan(1000)
  })
})

test('a message that nobody has sent is refused', () => {
  const cluster = new TestCluster({ ids: ['s1', 's2', 's3'] })
  const forged = { type: 'TimeoutNow', from: 's1', to: 's2', term: 0 } as const
  expect(() => cluster.server('s2').input((raft, now) => raft.step(forged, now))).toThrow('Rule Sent')
})

test('so is one that was sent with other entries', () => {
  const cluster = new TestCluster({ ids: ['s1', 's2', 's3'] })
  cluster.tick('s1')
  cluster.settle()
  cluster.propose('s1', [new Uint8Array([1])])
  const flight = cluster.network.next()
  const message = flight?.message
  if (message?.type !== 'AppendEntries') throw new Error(`expected an append, got ${message?.type}`)
  const { term, prevLogIndex, to } = message
  const other = { ...message, entries: encodeEntries([new Uint8Array([2])], 'command', term, prevLogIndex + 1) }
  expect(message.entries.length).toBe(1)
  expect(() => cluster.server(to).input((raft, now) => raft.step(other, now))).toThrow('Rule Sent')
})
