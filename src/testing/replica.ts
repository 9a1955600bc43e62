/**
 * A state machine with its place in the log, as a server holds one: the stories about state machines tell what happens to
 * two or three of them.
 */
import type { Index } from '../raft/entry.ts'
import type { CommittedEntry, StateMachine } from '../runtime/state-machine.ts'
import { assert } from '../util/assert.ts'
import { concat, equal, toHex } from '../util/bytes.ts'

/** The whole state of a machine, and up to where in the log it goes. */
export interface Snapshot {
  readonly index: Index
  readonly bytes: Uint8Array
}

const TERM = 3
/** Commands come through these in turn, so that a machine that looks at sessions has some. */
const SESSIONS: readonly (number | null)[] = [null, 1, 2, 3]
/** What an answer that is quoted in a message shows of itself. */
const SHOWN_BYTES = 24

/** See the head of this file. */
export class Replica {
  readonly machine: StateMachine
  /** One for each command, since the replica was made or the list was emptied. */
  readonly answers: Uint8Array[] = []
  private lastApplied: Index = 0

  /** @param index up to where the machine holds the log already: a durable one that was opened again */
  constructor(machine: StateMachine, index: Index = 0) {
    this.machine = machine
    this.lastApplied = index
  }

  /** The last entry that the machine was given. */
  get index(): Index {
    return this.lastApplied
  }

  /** Applies commands as the next entries of the log, `batch` at a time. @throws InvariantError when an answer is missing */
  async apply(commands: readonly Uint8Array[], batch: number = commands.length): Promise<void> {
    for (let at = 0; at < commands.length; at += batch) await this.applyAtOnce(commands.slice(at, at + batch))
  }

  /** These sessions end with an entry of their own. Nothing more happens to a machine that is not interested. */
  async closeSessions(ids: readonly number[]): Promise<void> {
    this.tellOfClosing(ids)
    const { appliedIndex, sessionsClosed } = this.machine
    if (appliedIndex !== undefined && sessionsClosed !== undefined) await this.applyAtOnce([])
  }

  /** Only the first half: a durable machine has stored nothing yet. */
  tellOfClosing(ids: readonly number[]): void {
    // Apart: of a call that does not happen the arguments are not worked out, and the entry is there all the same.
    const index = ++this.lastApplied
    this.machine.sessionsClosed?.(ids, { index, term: TERM })
  }

  async snapshot(): Promise<Snapshot> {
    return { index: this.lastApplied, bytes: await readAll(this.machine.snapshot()) }
  }

  /** Takes over a snapshot, which comes in pieces of so many bytes. */
  async restore({ index, bytes }: Snapshot, pieceBytes: number = Math.max(bytes.length, 1)): Promise<void> {
    await this.machine.restore(inPieces(bytes, pieceBytes), index)
    this.lastApplied = index
  }

  private async applyAtOnce(commands: readonly Uint8Array[]): Promise<void> {
    const entries = commands.map((command) => this.nextEntry(command))
    const answers = await this.machine.apply(entries)
    assert(
      answers.length === entries.length && answers.every((answer) => answer instanceof Uint8Array),
      `${entries.length} commands at once got ${answers.length} answers: each gets one, in bytes`,
    )
    this.answers.push(...answers.map((answer) => answer.slice()))
  }

  private nextEntry(command: Uint8Array): CommittedEntry {
    const index = ++this.lastApplied
    return { index, term: TERM, session: SESSIONS[index % SESSIONS.length] ?? null, command }
  }
}

/** @throws InvariantError with the first command that the two answered differently */
export function expectSameAnswers(one: Replica, other: Replica): void {
  for (const [i, answer] of one.answers.entries()) {
    const theirs = other.answers[i]
    const isSame = theirs !== undefined && equal(answer, theirs)
    assert(isSame, `command ${i + 1} is answered ${show(answer)} by one machine and ${show(theirs)} by another`)
  }
}

/** Compares by snapshots: equal states have equal ones. @throws InvariantError with the place where they differ */
export async function expectSameState(one: Replica, other: Replica, when: string): Promise<void> {
  const [left, right] = [(await one.snapshot()).bytes, (await other.snapshot()).bytes]
  if (equal(left, right)) return
  const at = left.findIndex((byte, i) => byte !== right[i])
  const place = at < 0 ? Math.min(left.length, right.length) : at
  assert(false, `${when}, two snapshots of ${left.length} and ${right.length} bytes differ from byte ${place} on`)
}

/** All the pieces as one. */
export async function readAll(source: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const pieces: Uint8Array[] = []
  for await (const piece of source) pieces.push(piece.slice())
  return concat(pieces)
}

async function* inPieces(whole: Uint8Array, pieceBytes: number): AsyncGenerator<Uint8Array, void> {
  for (let offset = 0; offset < whole.length; offset += pieceBytes) yield whole.slice(offset, offset + pieceBytes)
}

function show(answer: Uint8Array | undefined): string {
  if (answer === undefined) return 'nothing'
  return `0x${toHex(answer.subarray(0, SHOWN_BYTES))}${answer.length > SHOWN_BYTES ? '…' : ''}`
}
