/**
 * The public face as the compiler sees it, from a user's side: what must compile does, and what must not is marked, so
 * that it is an error if it ever does. Nothing here runs: the step `types` is the test.
 */
import {
  type NodeError,
  type NodeErrorCode,
  type NodeOptions,
  type NodeStatus,
  prometheusText,
  type RaftNode,
  type StateMachine,
  startNode,
} from 'quorate'
import type { Make } from 'quorate/lab'
import type { RaftOptions } from 'quorate/raft'
import type { LogStore, SnapshotStore } from 'quorate/storage'
import type { Transport } from 'quorate/transport'

const EMPTY = new Uint8Array()

async function* pieces(): AsyncGenerator<Uint8Array> {
  yield EMPTY
}

/** A state machine may answer at once or later. */
export const atOnce: StateMachine = {
  apply: (entries) => entries.map(({ command }) => command),
  snapshot: pieces,
  restore: async (source) => {
    for await (const piece of source) EMPTY.set(piece)
  },
}

export const later: StateMachine = { ...atOnce, apply: async (entries) => entries.map(() => EMPTY) }

/** One that keeps its state on a disk says how far it has come; and it may be told where a snapshot stands. */
export const durable: StateMachine = {
  ...atOnce,
  get appliedIndex(): number {
    return EMPTY.length
  },
  restore: async (_source, index) => {
    EMPTY.fill(index)
  },
}

// @ts-expect-error an answer is bytes
export const answersText: StateMachine = { ...atOnce, apply: () => ['ok'] }

// @ts-expect-error a snapshot is a stream of bytes, not a promise of them
export const snapshotAsPromise: StateMachine = { ...atOnce, snapshot: async () => EMPTY }

/** What a node cannot do without. */
export const least: NodeOptions = {
  id: 'a',
  cluster: 'shop',
  directory: 'data/a',
  members: { a: '127.0.0.1:7101' },
  stateMachine: atOnce,
}

// @ts-expect-error members is missing: nobody would know whom to ask
export const memberless: NodeOptions = { id: 'a', cluster: 'shop', directory: 'data/a', stateMachine: atOnce }

// @ts-expect-error an option that is spelt wrong is not ignored
export const misspelt: NodeOptions = { ...least, snapshotEvery: 1 }

// @ts-expect-error undefined is no value: leave the option out
export const unset: NodeOptions = { ...least, requestTimeoutMs: undefined }

/** What a user does with a node. */
export async function useNode(): Promise<void> {
  const node: RaftNode = await startNode(least)
  const answer: Uint8Array = await node.propose(EMPTY, { timeoutMs: 100 })
  const length: number = await node.read(() => answer.length)
  const status: NodeStatus = node.status()
  const off: () => void = node.on('leader', ({ leaderId, term }) => [leaderId ?? 'nobody', term + length])
  off()
  const { index, sizeBytes } = await node.snapshot()
  const leaderId: string = await node.waitForLeader({ timeoutMs: index })
  await node.waitFor(({ peers }) => peers.some(({ slow }) => slow), { signal: AbortSignal.timeout(sizeBytes) })
  node.on('stall', ({ cause, durationMs }) => [cause === 'disk', durationMs])
  const text: string = prometheusText(node.metrics(), { cluster: leaderId })
  // @ts-expect-error a condition says yes or no
  await node.waitFor(() => text)
  // @ts-expect-error a command is bytes
  await node.propose('set x')
  // @ts-expect-error there is no such event
  node.on('leadership', off)
  // @ts-expect-error a status is a report, not a handle
  status.term = 1
  await node.stop({ handOver: false, timeoutMs: 100 })
}

/** An error says by its type what a caller may do. */
export function advise(error: NodeError): string {
  const code: NodeErrorCode = error.code
  // @ts-expect-error there is no such code
  if (code === 'ERR_QUORATE_WHATEVER') return 'never'
  // @ts-expect-error whether a command was applied is never simply "yes" in an error
  if (error.applied === 'yes') return 'never'
  return error.applied === 'no' ? 'propose it again' : 'look before you propose it again'
}

/** Options are partial and by name; those of the core are checked when the node starts. */
export const raft: Partial<RaftOptions> = { heartbeatIntervalMs: 20 }

// @ts-expect-error times are numbers of milliseconds
export const duration: Partial<RaftOptions> = { heartbeatIntervalMs: '20ms' }

/** The ports and the lab's `make` can be implemented outside of the library. */
export type Implementable = readonly [LogStore, SnapshotStore, Transport, Make]
