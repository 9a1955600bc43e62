/** The trace's language: one line for each thing that happens, in the paper's words. */
import type { Configuration } from '../configuration.ts'
import type { Entry, ServerId } from '../entry.ts'
import type { Message } from '../message.ts'
import type { PersistBatch, RaftEvent } from '../ready.ts'
import type { RaftState } from '../state.ts'

/** `s1→s2 AppendEntries term=2 prev=1/1 entries=[2:2] commit=1`. */
export function describeMessage(message: Message): string {
  const { from, to, type, term } = message
  return `${from}→${to} ${type} term=${term}${fieldsOf(message)}`
}

function fieldsOf(message: Message): string {
  switch (message.type) {
    case 'PreVote':
      return ` campaignTerm=${message.campaignTerm} last=${message.lastLogIndex}/${message.lastLogTerm}`
    case 'PreVoteReply':
      return ` campaignTerm=${message.campaignTerm} ${verdict(message.granted)}`
    case 'RequestVote':
      return ` last=${message.lastLogIndex}/${message.lastLogTerm}${message.transfer ? ' transfer' : ''}`
    case 'RequestVoteReply':
      return ` ${verdict(message.granted)}`
    case 'AppendEntries': {
      const { prevLogIndex, prevLogTerm, entries, leaderCommit, readRound, restMs } = message
      const rest = restMs === 0 ? '' : ` rest=${restMs}`
      return ` prev=${prevLogIndex}/${prevLogTerm} entries=${describeEntries(entries)} commit=${leaderCommit}${round(readRound)}${rest}`
    }
    case 'AppendEntriesReply': {
      const { success, index, hintTerm, prevLogIndex, readRound } = message
      return success
        ? ` ok match=${index}${round(readRound)}`
        : ` refused prev=${prevLogIndex} try=${index}/${hintTerm}${round(readRound)}`
    }
    case 'InstallSnapshot':
      return ` last=${message.lastIncludedIndex}/${message.lastIncludedTerm}`
    case 'InstallSnapshotReply':
      return ` match=${message.index}`
    case 'TimeoutNow':
    case 'ReadIndex':
      return ''
    case 'ReadIndexReply':
      return message.index === null ? ' refused' : ` index=${message.index}`
  }
}

function verdict(granted: boolean): string {
  return granted ? 'granted' : 'refused'
}

function round(readRound: number): string {
  return readRound === 0 ? '' : ` round=${readRound}`
}

/** `[2:1 3:2]`, each entry's index and term; three or more of one term as `[2..9:1]`. */
export function describeEntries(entries: readonly Entry[]): string {
  const words: string[] = []
  let first = 0
  while (first < entries.length) {
    const { index, term } = entries[first] as Entry
    let next = first + 1
    while (entries[next]?.term === term) next++
    const count = next - first
    if (count > 2) words.push(`${index}..${index + count - 1}:${term}`)
    else for (let i = 0; i < count; i++) words.push(`${index + i}:${term}`)
    first = next
  }
  return `[${words.join(' ')}]`
}

/** `#3 term=2 votedFor=s1 cut=4 entries=[4:2]`. */
export function describeBatch({ seq, hardState, snapshot, truncateFrom, entries }: PersistBatch): string {
  const words = [`#${seq}`]
  if (hardState !== null) words.push(`term=${hardState.term} votedFor=${hardState.votedFor ?? '-'}`)
  if (snapshot !== null) words.push(`snapshot=${snapshot.index}/${snapshot.term}`)
  if (truncateFrom !== null) words.push(`cut=${truncateFrom}`)
  if (entries.length > 0) words.push(`entries=${describeEntries(entries)}`)
  return words.join(' ')
}

/** Null for what the trace leaves out: that a server has lost sight of its leader. */
export function describeEvent(id: ServerId, event: RaftEvent): string | null {
  switch (event.type) {
    case 'role':
      return `${id} becomes ${event.role} term=${event.term}`
    case 'leader':
      return event.leaderId === null || event.leaderId === id ? null : `${id} follows ${event.leaderId}`
    case 'configuration':
      return `${id} configuration of ${event.index}: ${describeConfiguration(event.configuration)}`
    case 'configurationCommitted':
      return `${id} configuration of ${event.index} is committed`
    case 'departed':
      return `${id} is done with ${event.id}`
    case 'contradiction':
      return `${id} contradiction: ${event.detail}`
    case 'transfer':
      return `${id} transfer to ${event.to} ${event.outcome}: ${event.reason}`
  }
}

/** `voters=s1,s2 outgoing=s3 learners=s4`. */
export function describeConfiguration({ voters, votersOutgoing, learners }: Configuration): string {
  const words = [`voters=${voters.join(',')}`]
  if (votersOutgoing.length > 0) words.push(`outgoing=${votersOutgoing.join(',')}`)
  if (learners.length > 0) words.push(`learners=${learners.join(',')}`)
  return words.join(' ')
}

/** A line for the server, and for a leader one for each of its followers. */
export function describeState(state: Readonly<RaftState>): string[] {
  const { id, role, currentTerm, votedFor, commitIndex, lastApplied, log } = state
  const durable = log.durableIndex === log.lastIndex ? '' : ` durable=${log.durableIndex}`
  const line = `${id} ${role} term=${currentTerm} votedFor=${votedFor ?? '-'} log=${describeLog(state)} commit=${commitIndex} applied=${lastApplied}${durable}${state.resting ? ' resting' : ''}`
  const followers = [...state.progress.values()].map(
    ({ id, state, matchIndex, nextIndex, inFlightMessages }) =>
      `  ${id} ${state} match=${matchIndex} next=${nextIndex}${inFlightMessages > 0 ? ` inFlight=${inFlightMessages}` : ''}`,
  )
  return [line, ...followers]
}

/** `1 1 2`, or `(3/1) 2 2` behind a compacted part; an empty log is `-`. */
function describeLog({ log }: Readonly<RaftState>): string {
  const words: string[] = log.baseIndex > 0 ? [`(${log.baseIndex}/${log.baseTerm})`] : []
  for (let index = log.baseIndex + 1; index <= log.lastIndex; index++) words.push(String(log.termAt(index)))
  return words.length === 0 ? '-' : `"${words.join(' ')}"`
}
