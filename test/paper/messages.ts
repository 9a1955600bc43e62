// What a test says to the server under test: each message with only the fields that the statement is about. Places in
// a log are written `index/term`, entries as a string of terms.

import type { Configuration } from '../../src/raft/index.ts'
import { votersOnly } from '../../src/raft/index.ts'
import type {
  AppendEntries,
  InstallSnapshot,
  PreVote,
  ReadIndex,
  RequestVote,
  TimeoutNow,
} from '../../src/raft/message.ts'
import { entriesOf, type NamedConfigurations } from '../../src/raft/testing/index.ts'

/** The server under test. */
export const ME = 's1'

interface From {
  readonly from?: string
  readonly term: number
}

/** Without `entries` it is a heartbeat. */
export function appendEntries(
  message: From & {
    readonly prev?: string
    readonly entries?: string
    readonly commit?: number
    readonly session?: number
    readonly readRound?: number
    readonly names?: NamedConfigurations
  },
): AppendEntries {
  const { from = 's2', term, prev = '0/0', entries = '', commit = 0, session = 1, readRound = 0, names } = message
  const [prevLogIndex, prevLogTerm] = place(prev)
  return {
    type: 'AppendEntries',
    from,
    to: ME,
    term,
    prevLogIndex,
    prevLogTerm,
    entries: entriesOf(entries, prevLogIndex + 1, names),
    leaderCommit: commit,
    session,
    readRound,
    restMs: 0,
  }
}

export function requestVote(message: From & { readonly last?: string; readonly transfer?: boolean }): RequestVote {
  const { from = 's2', term, last = '0/0', transfer = false } = message
  const [lastLogIndex, lastLogTerm] = place(last)
  return { type: 'RequestVote', from, to: ME, term, lastLogIndex, lastLogTerm, transfer }
}

/** `term` is the asking server's; it asks about the one after it. */
export function preVote(message: From & { readonly last?: string }): PreVote {
  const { from = 's2', term, last = '0/0' } = message
  const [lastLogIndex, lastLogTerm] = place(last)
  return { type: 'PreVote', from, to: ME, term, campaignTerm: term + 1, lastLogIndex, lastLogTerm }
}

export function installSnapshot(
  message: From & { readonly last: string; readonly configuration?: Configuration },
): InstallSnapshot {
  const { from = 's2', term, last, configuration = votersOf(3) } = message
  const [lastIncludedIndex, lastIncludedTerm] = place(last)
  return { type: 'InstallSnapshot', from, to: ME, term, lastIncludedIndex, lastIncludedTerm, configuration, session: 1 }
}

export function timeoutNow({ from = 's2', term }: From): TimeoutNow {
  return { type: 'TimeoutNow', from, to: ME, term }
}

export function readIndex({ from = 's2', term, requestId }: From & { readonly requestId: number }): ReadIndex {
  return { type: 'ReadIndex', from, to: ME, term, requestId }
}

/** `3/2` is the entry at index 3, of term 2. */
export function place(text: string): [number, number] {
  const [index, term] = text.split('/').map(Number)
  if (index === undefined || term === undefined) throw new Error(`"${text}" is no place in a log: write index/term`)
  return [index, term]
}

/** s1 … sN, all of them voters. */
export function votersOf(count: number): Configuration {
  return votersOnly(Object.fromEntries(idsOf(count).map((id) => [id, id])))
}

export function idsOf(count: number): string[] {
  return Array.from({ length: count }, (_, i) => `s${i + 1}`)
}
