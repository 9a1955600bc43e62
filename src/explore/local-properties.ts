/**
 * What must hold of a single step of a single server, whatever the others do. It runs once for each distinct step, so it
 * may take its time; what concerns several servers is in `properties.ts`.
 */
import type { Message } from '../raft/message.ts'
import { placeOf } from './bounds.ts'
import { type Catalogue, LOG_STRIDE, MATCH_STRIDE } from './catalogue.ts'
import type { LocalOutcome } from './local-server.ts'

/** @returns what is broken, in words, or null */
export function brokenByStep(
  catalogue: Catalogue,
  before: number,
  after: number,
  isCrash: boolean,
  outcome: LocalOutcome,
): string | null {
  if (outcome.contradiction !== null) return `Contradiction: ${outcome.contradiction}`
  const { id } = outcome.after
  const broken =
    brokenBounds(catalogue, after) ??
    brokenBelief(catalogue, after) ??
    brokenMembership(catalogue, after) ??
    (isCrash ? brokenByRestart(catalogue, before, after) : brokenByTime(catalogue, before, after)) ??
    brokenPromise(catalogue, after, outcome)
  return broken === null ? null : broken.replace(': ', `: ${id} `)
}

function brokenBounds(catalogue: Catalogue, after: number): string | null {
  const { columns } = catalogue
  const commit = columns.commitIndex.data[after] as number
  const base = columns.log.data[after * LOG_STRIDE] as number
  const last = columns.log.data[after * LOG_STRIDE + 2] as number
  if (base > commit || commit > last) {
    return `Order of Indexes: has base ${base}, commitIndex ${commit}, last index ${last}`
  }
  // A server that starts with an entry of a term which it does not know would obey that term's predecessors.
  const [term, lastTerm] = [columns.durableTerm.data[after] as number, lastTermOnDisk(catalogue, after)]
  return lastTerm <= term ? null : `Order of Terms: has term ${term} on its disk, and an entry of term ${lastTerm}`
}

/** What a server takes to be on its disk is there: it answers, and a leader commits, on the strength of that. */
function brokenBelief({ columns }: Catalogue, server: number): string | null {
  const row = server * LOG_STRIDE
  const durable = columns.durableIndex.data[server] as number
  const base = Math.max(columns.log.data[row] as number, columns.disk.data[row] as number)
  for (let index = base + 1; index <= durable; index++) {
    if (columns.log.data[row + 2 + index] === columns.disk.data[row + 2 + index]) continue
    return `Durable Index: believes its log to be on the disk up to ${durable}, and entry ${index} is not`
  }
  return null
}

/** The newest configuration in the log holds, committed or not, and no other (Paper §6). */
function brokenMembership(catalogue: Catalogue, server: number): string | null {
  const { log, configurationIndex } = catalogue.columns
  const row = server * LOG_STRIDE
  const [base = 0, , last = 0] = log.data.subarray(row, row + 3)
  const index = configurationIndex.data[server] as number
  let newest = last
  while (newest > base && catalogue.entry(log.data[row + 2 + newest] as number).kind !== 'configuration') newest--
  if (newest > base ? index === newest : index <= base) return null
  return `Newest Configuration: goes by that of entry ${index}, and the newest in its log is that of ${newest}`
}

function lastTermOnDisk({ columns, entryTerm }: Catalogue, server: number): number {
  const row = server * LOG_STRIDE
  const [base = 0, baseTerm = 0, last = 0] = columns.disk.data.subarray(row, row + 3)
  return last > base ? (entryTerm.data[columns.disk.data[row + 2 + last] as number] as number) : baseTerm
}

/** What never goes back within a server's life. */
function brokenByTime({ columns }: Catalogue, before: number, after: number): string | null {
  const [termBefore, term] = [columns.term.data[before] as number, columns.term.data[after] as number]
  if (term < termBefore) return `Monotonic Term: went from term ${termBefore} to ${term}`
  const [voteBefore, vote] = [columns.votedFor.data[before] as number, columns.votedFor.data[after] as number]
  if (term === termBefore && voteBefore !== 0 && vote !== voteBefore) {
    return `One Vote: voted for s${voteBefore}, then ${vote === 0 ? 'nobody' : `s${vote}`}, in term ${term}`
  }
  const [commitBefore, commit] = [columns.commitIndex.data[before] as number, columns.commitIndex.data[after] as number]
  if (commit < commitBefore) return `Monotonic Commit: went from commitIndex ${commitBefore} to ${commit}`
  const isStillLeader = columns.leads.data[before] === 1 && columns.leads.data[after] === 1 && term === termBefore
  if (!isStillLeader) return null
  return brokenLeaderLog(columns.log.data, before, after) ?? brokenMatch(columns.match.data, before, after)
}

/** What a follower has acknowledged in a term it has for the rest of it. */
function brokenMatch(matches: Int32Array, before: number, after: number): string | null {
  for (let place = 0; place < MATCH_STRIDE; place++) {
    const [was, is] = [
      matches[before * MATCH_STRIDE + place] as number,
      matches[after * MATCH_STRIDE + place] as number,
    ]
    // A server that was removed has no record any more.
    if (is >= 0 && is < was) return `Monotonic Match: lowered matchIndex of s${place + 1} from ${was} to ${is}`
  }
  return null
}

/** "A leader never overwrites or deletes entries in its log" (Paper Figure 3). */
function brokenLeaderLog(logs: Int32Array, before: number, after: number): string | null {
  const last = logs[before * LOG_STRIDE + 2] as number
  for (let index = (logs[after * LOG_STRIDE] as number) + 1; index <= last; index++) {
    const kept = logs[before * LOG_STRIDE + 2 + index] === logs[after * LOG_STRIDE + 2 + index]
    if (!kept) return `Leader Append-Only: overwrote or deleted entry ${index} of ${last}`
  }
  return null
}

/** What was durable is there again. */
function brokenByRestart({ columns }: Catalogue, before: number, after: number): string | null {
  const [durable, term] = [columns.durableTerm.data[before] as number, columns.term.data[after] as number]
  if (term < durable) return `Monotonic Term: had term ${durable} on its disk and starts in ${term}`
  if (term > durable || columns.durableVote.data[before] === columns.votedFor.data[after]) return null
  return 'One Vote: starts with another vote than the one on its disk'
}

/** What a message promises is on the disk when it leaves (ready.ts, step 2). */
function brokenPromise({ columns }: Catalogue, after: number, { messages }: LocalOutcome): string | null {
  const term = columns.durableTerm.data[after] as number
  const vote = columns.durableVote.data[after] as number
  const last = columns.disk.data[after * LOG_STRIDE + 2] as number
  for (const message of messages) {
    if (isKept(message, term, vote, last)) continue
    return `Promise before Disk: sends ${message.type} of term ${message.term} to ${message.to}, its disk has term ${term}, vote s${vote}, entries up to ${last}`
  }
  return null
}

function isKept(message: Message, term: number, vote: number, last: number): boolean {
  switch (message.type) {
    case 'RequestVote':
      return term > message.term || (term === message.term && vote === placeOf(message.from) + 1)
    case 'RequestVoteReply':
      return !message.granted || term > message.term || (term === message.term && vote === placeOf(message.to) + 1)
    case 'AppendEntriesReply':
      return !message.success || message.index <= last
    case 'InstallSnapshotReply':
      return message.index <= last
    default:
      return true
  }
}
