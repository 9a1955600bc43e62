// What was handed over must not change any more. The lab copies most things on their way, so a change afterwards does
// no harm here; in Go it is a data race, and here it is a mistake all the same: whoever reads `args.entries.length` when
// the reply is there, and gave the log itself as `entries`, counts entries that were never sent.
//
// So we keep what it was, encoded, and look again later.

import { equal } from '../util/bytes.ts'
import { Deque } from '../util/deque.ts'
import { Labgob } from './labgob.ts'

/** How long after a hand-over we look again. */
const HOLD_MS = 200

/** Looks again at something that was handed over. */
export type Verify = () => void

interface Held {
  readonly dueMs: number
  readonly verify: Verify
}

/** The hand-overs of one instance. */
export class HandOvers {
  private readonly now: () => number
  private readonly report: (text: string) => void
  /** Without warnings: the encoder that the value really goes through gives them. */
  private readonly labgob = new Labgob()
  private readonly held = new Deque<Held>()

  /** @param report is told of a change, as in "server 1 changed its reply to Raft.RequestVote" */
  constructor(now: () => number, report: (text: string) => void) {
    this.now = now
    this.report = report
  }

  /** @param change the sentence to report, to which the fields that changed are added */
  object(value: unknown, change: string): Verify {
    const before = this.labgob.encode(value)
    return () => {
      const after = this.labgob.encode(value)
      if (equal(before, after)) return
      const fields = changedFields(this.labgob.decode(before), this.labgob.decode(after))
      this.report(`${change}${fields.length === 0 ? '' : ` (${fields.join(', ')})`}: hand over a copy`)
    }
  }

  bytes(value: Uint8Array, change: string): Verify {
    const before = value.slice()
    return () => {
      if (!equal(before, value)) this.report(`${change}: hand over bytes that are not used again`)
    }
  }

  /** Looks again a little later, when the next thing is handed over. */
  hold(verify: Verify): void {
    const now = this.now()
    for (let first = this.held.first(); first !== undefined && first.dueMs <= now; first = this.held.first()) {
      this.held.shift()
      first.verify()
    }
    this.held.push({ dueMs: now + HOLD_MS, verify })
  }
}

function changedFields(before: unknown, after: unknown): string[] {
  if (!isRecord(before) || !isRecord(after)) return []
  const fields = new Set([...Object.keys(before), ...Object.keys(after)])
  const labgob = new Labgob()
  const encoded = (record: Record<string, unknown>, field: string): Uint8Array => labgob.encode(record[field] ?? null)
  return [...fields].filter((field) => !equal(encoded(before, field), encoded(after, field)))
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
