/**
 * What every Transport must do, as a list of stories that any test runner can run. Whoever writes a transport brings a
 * `TransportStage`: a way to set up servers that can reach each other, and to break what connects them.
 *
 * ```ts
 * for (const { title, run } of transportAcceptance) test(title, () => run(stage))
 * ```
 */
import { NOBODY } from '../raft/configuration.ts'
import type { ServerId } from '../raft/entry.ts'
import { encodeEntries } from '../raft/entry.ts'
import type { AppendEntries, InstallSnapshot, Message } from '../raft/message.ts'
import { assert } from '../util/assert.ts'
import { concat, EMPTY, equal, utf8Decode, utf8Encode } from '../util/bytes.ts'
import type { Clock } from '../util/clock.ts'
import {
  type SnapshotOffer,
  type SnapshotSink,
  type SnapshotSource,
  type Transport,
  TransportError,
  type TransportHandlers,
} from './transport.ts'

/**
 * What the author of a transport brings to the stories. Each story opens it once and closes it at the end, however it
 * went.
 */
export interface TransportStage {
  readonly clock: Clock
  /** Started transports that all have each other as peers. */
  open(handlers: { readonly [id: ServerId]: TransportHandlers }): Promise<{ readonly [id: ServerId]: Transport }>
  /** Breaks every connection between the two, so that both notice. They may connect again. */
  hangUp(one: ServerId, other: ServerId): void
  /** Stops what was opened. */
  close(): Promise<void>
}

/** One story. `run` rejects with what it missed when the transport breaks its contract. */
export interface AcceptanceStory {
  readonly title: string
  run(stage: TransportStage): Promise<void>
}

/** Longer than any transport needs on a busy machine. */
const PATIENCE_MS = 10_000

/** What every Transport must do, as stories for any test runner. */
export const transportAcceptance: readonly AcceptanceStory[] = [
  story('messages arrive in the order in which they were sent, and name their sender', async (stage, { a, b }) => {
    await connect(stage, a, b)
    for (let index = 1; index <= 500; index++) a.transport.send(append('a', 'b', index))
    await waitFor(stage, () => b.appends().length >= 500, 'all appends')
    assert(
      b.appends().every((message, i) => message.prevLogIndex === i + 1 && message.from === 'a'),
      'out of order',
    )
  }),
  story("an entry arrives with the leader's own bytes", async (stage, { a, b }) => {
    await connect(stage, a, b)
    const entries = encodeEntries([utf8Encode('x'), new Uint8Array(100_000).fill(7)], 'command', 1, 10)
    a.transport.send({ ...append('a', 'b', 9), entries })
    await waitFor(stage, () => b.appends().length > 0, 'the append')
    const arrived = b.appends()[0]?.entries ?? []
    assert(arrived.length === 2 && entries.every((e, i) => equal(e.bytes, arrived[i]?.bytes ?? EMPTY)), 'other bytes')
  }),
  story('a message to a server that nobody knows is dropped, silently', async (_stage, { a }) => {
    a.transport.send(append('a', 'nobody', 1))
  }),
  story('a request comes back with its own answer, however many are under way', async (stage, { a, b }) => {
    await connect(stage, a, b)
    const questions = Array.from({ length: 200 }, (_, i) => `${i}`)
    const answers = await Promise.all(questions.map((q) => a.transport.request('b', utf8Encode(q), PATIENCE_MS)))
    assert(
      answers.every((answer, i) => utf8Decode(answer) === `a asked ${i}`),
      'answers were mixed up',
    )
  }),
  story('a handler that rejects leaves the outcome unknown, and its words arrive', async (stage, { a, b }) => {
    await connect(stage, a, b)
    const error = await failure(a.transport.request('b', utf8Encode('reject'), PATIENCE_MS))
    assert(error.delivery === 'unknown' && error.message.includes('b is not the leader'), error.message)
  }),
  story('a request that gets no answer in time may have been carried out', async (stage, { a, b }) => {
    await connect(stage, a, b)
    const error = await failure(a.transport.request('b', utf8Encode('hang'), 100))
    assert(error.code === 'ERR_QUORATE_REQUEST_TIMEOUT' && error.delivery === 'unknown', error.message)
  }),
  story('a request to a server that is not there was certainly not delivered', async (_stage, { a }) => {
    const error = await failure(a.transport.request('nobody', EMPTY, PATIENCE_MS))
    assert(error.code === 'ERR_QUORATE_UNREACHABLE' && error.delivery === 'never', error.message)
  }),
  story('a connection that breaks is told to both ends and fails the request under way', async (stage, { a, b }) => {
    await connect(stage, a, b)
    const failing = failure(a.transport.request('b', utf8Encode('hang'), PATIENCE_MS))
    await waitFor(stage, () => b.requests > 0, 'the request')
    stage.hangUp('a', 'b')
    const error = await failing
    assert(error.code === 'ERR_QUORATE_CONNECTION_LOST' && error.delivery === 'unknown', error.message)
    await waitFor(stage, () => a.lost.includes('b') && b.lost.includes('a'), 'the loss at both ends')
    await connect(stage, a, b)
  }),
  story('a server that stops is missed at once', async (stage, { a, b }) => {
    await connect(stage, a, b)
    await b.transport.stop()
    await waitFor(stage, () => a.lost.includes('b'), 'the loss')
  }),
  story('a stopped transport fails requests and calls no handler', async (stage, { a, b }) => {
    await connect(stage, a, b)
    await a.transport.stop()
    const received = a.messages.length
    b.transport.send(append('b', 'a', 1))
    const error = await failure(a.transport.request('b', EMPTY, PATIENCE_MS))
    assert(error.code === 'ERR_QUORATE_STOPPED' && a.messages.length === received, error.message)
  }),
  story('a snapshot arrives whole before sendSnapshot returns', async (stage, { a, b }) => {
    await connect(stage, a, b)
    const bytes = pattern(1_000_000)
    await a.transport.sendSnapshot(installSnapshot('a', 'b'), sourceOf('s1', bytes))
    assert(b.finishedSnapshots.length === 1 && equal(concat(b.pieces), bytes), 'other bytes')
    assert(b.finishedSnapshots[0]?.lastIncludedIndex === 7, 'another message')
  }),
  story('an empty snapshot arrives too', async (stage, { a, b }) => {
    await connect(stage, a, b)
    await a.transport.sendSnapshot(installSnapshot('a', 'b'), sourceOf('empty', EMPTY))
    assert(b.finishedSnapshots.length === 1, 'not finished')
  }),
  story('a snapshot that broke off resumes behind what the receiver kept', async (stage, { a, b }) => {
    await connect(stage, a, b)
    const bytes = pattern(8_000_000)
    const breaking = sourceOf('s2', bytes, (offset) => {
      if (offset > 5_000_000) stage.hangUp('a', 'b')
    })
    const error = await failure(a.transport.sendSnapshot(installSnapshot('a', 'b'), breaking))
    assert(error.code === 'ERR_QUORATE_SNAPSHOT_INTERRUPTED', error.message)
    await waitFor(stage, () => b.interruptions > 0, "the receiver's notice")
    const resumedAt = concat(b.pieces).length
    await connect(stage, a, b)
    const reads: number[] = []
    await a.transport.sendSnapshot(
      installSnapshot('a', 'b'),
      sourceOf('s2', bytes, (offset) => void reads.push(offset)),
    )
    assert(resumedAt > 0 && reads[0] === resumedAt, `read from ${reads[0]}, not from ${resumedAt}`)
    assert(equal(concat(b.pieces), bytes), 'other bytes')
  }),
  story('a snapshot that the receiver does not want is refused with its words', async (stage, { a, b }) => {
    await connect(stage, a, b)
    const error = await failure(a.transport.sendSnapshot(installSnapshot('a', 'b'), sourceOf('unwanted', pattern(10))))
    assert(error.code === 'ERR_QUORATE_SNAPSHOT_REFUSED' && error.message.includes('have a newer one'), error.message)
  }),
]

/** A server of the stories, which notes what reaches it. */
class Actor implements TransportHandlers {
  readonly id: ServerId
  readonly messages: Message[] = []
  readonly lost: ServerId[] = []
  readonly pieces: Uint8Array[] = []
  readonly finishedSnapshots: InstallSnapshot[] = []
  requests = 0
  interruptions = 0
  private opened: Transport | null = null

  constructor(id: ServerId) {
    this.id = id
  }

  get transport(): Transport {
    assert(this.opened !== null, 'the stage is open')
    return this.opened
  }

  set transport(transport: Transport) {
    this.opened = transport
  }

  appends(): AppendEntries[] {
    return this.messages.filter((message) => message.type === 'AppendEntries')
  }

  onMessage(message: Message): void {
    this.messages.push(message)
  }

  async onRequest(from: ServerId, body: Uint8Array): Promise<Uint8Array> {
    this.requests++
    const question = utf8Decode(body) ?? ''
    if (question === 'reject') throw new Error(`${this.id} is not the leader`)
    if (question === 'hang') return new Promise(() => {})
    return utf8Encode(`${from} asked ${question}`)
  }

  onConnectionLost(peer: ServerId): void {
    this.lost.push(peer)
  }

  async onSnapshot(message: InstallSnapshot, { id }: SnapshotOffer): Promise<SnapshotSink> {
    if (id === 'unwanted') throw new Error('have a newer one')
    return {
      offset: concat(this.pieces).length,
      write: async (chunk) => void this.pieces.push(chunk),
      finish: async () => void this.finishedSnapshots.push(message),
      interrupt: () => void this.interruptions++,
    }
  }
}

function story(
  title: string,
  act: (stage: TransportStage, actors: { readonly a: Actor; readonly b: Actor }) => Promise<void>,
): AcceptanceStory {
  return {
    title,
    run: async (stage) => {
      const [a, b] = [new Actor('a'), new Actor('b')]
      try {
        const transports = await stage.open({ a, b })
        a.transport = transports['a'] as Transport
        b.transport = transports['b'] as Transport
        await act(stage, { a, b })
      } finally {
        await stage.close()
      }
    },
  }
}

/** Returns when requests pass in both directions. */
async function connect(stage: TransportStage, a: Actor, b: Actor): Promise<void> {
  for (const [from, to] of [
    [a, b],
    [b, a],
  ] as const) {
    const deadline = stage.clock.now() + PATIENCE_MS
    while (!(await isReachable(from, to))) {
      assert(stage.clock.now() < deadline, `${from.id} does not reach ${to.id}`)
      await pause(stage, 10)
    }
  }
  a.requests = b.requests = 0
}

async function isReachable(from: Actor, to: Actor): Promise<boolean> {
  try {
    await from.transport.request(to.id, utf8Encode('hello'), 1000)
    return true
  } catch {
    return false
  }
}

async function waitFor(stage: TransportStage, condition: () => boolean, what: string): Promise<void> {
  const deadline = stage.clock.now() + PATIENCE_MS
  while (!condition()) {
    assert(stage.clock.now() < deadline, `waited ${PATIENCE_MS} ms in vain for ${what}`)
    await pause(stage, 5)
  }
}

function pause({ clock }: TransportStage, delayMs: number): Promise<void> {
  return new Promise((resolve) => {
    clock.schedule(delayMs, resolve)
  })
}

async function failure(promise: Promise<unknown>): Promise<TransportError> {
  try {
    await promise
  } catch (error) {
    assert(error instanceof TransportError, `${error} is no TransportError`)
    return error
  }
  assert(false, 'it succeeded')
}

function append(from: ServerId, to: ServerId, prevLogIndex: number): AppendEntries {
  const session = 1
  const numbers = { term: 1, prevLogIndex, prevLogTerm: 1, leaderCommit: 0, session, readRound: 0, restMs: 0 }
  return { type: 'AppendEntries', from, to, ...numbers, entries: [] }
}

function installSnapshot(from: ServerId, to: ServerId): InstallSnapshot {
  const configuration = { ...NOBODY, voters: [from, to] }
  const place = { term: 2, lastIncludedIndex: 7, lastIncludedTerm: 1 }
  return { type: 'InstallSnapshot', from, to, ...place, configuration, session: 1 }
}

/** Bytes that are different everywhere, so that a piece in the wrong place shows. */
function pattern(length: number): Uint8Array {
  const bytes = new Uint8Array(length)
  for (let i = 0; i < length; i++) bytes[i] = (i * 31 + (i >>> 8) * 7 + (i >>> 16)) & 0xff
  return bytes
}

function sourceOf(id: string, bytes: Uint8Array, onRead: (offset: number) => void = () => {}): SnapshotSource {
  async function* read(offset: number): AsyncGenerator<Uint8Array> {
    for (let from = offset; from < bytes.length; from += 100_000) {
      onRead(from)
      yield bytes.subarray(from, from + 100_000)
    }
  }
  return { id, sizeBytes: bytes.length, read }
}
