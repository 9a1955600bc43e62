/** A message's fields in a few words, for people. */
import type { Message } from '../../raft/message.ts'

/** Without its type, its term and its ends. */
export function describeFields(message: Message): string {
  switch (message.type) {
    case 'PreVote':
      return `for term ${message.campaignTerm}, log to ${message.lastLogIndex}/${message.lastLogTerm}`
    case 'PreVoteReply':
      return `${message.granted ? 'yes' : 'no'}, for term ${message.campaignTerm}`
    case 'RequestVote':
      return `log to ${message.lastLogIndex}/${message.lastLogTerm}${message.transfer ? ', transfer' : ''}`
    case 'RequestVoteReply':
      return message.granted ? 'yes' : 'no'
    case 'AppendEntries': {
      const { entries, prevLogIndex, prevLogTerm, leaderCommit, readRound } = message
      const last = entries.at(-1)?.index ?? prevLogIndex
      const range = entries.length === 0 ? 'nothing' : `${prevLogIndex + 1}..${last}`
      return `${range} after ${prevLogIndex}/${prevLogTerm}, commit ${leaderCommit}${readRound > 0 ? `, read ${readRound}` : ''}`
    }
    case 'AppendEntriesReply':
      return message.success
        ? `has ${message.index}${message.readRound > 0 ? `, read ${message.readRound}` : ''}`
        : `refuses ${message.prevLogIndex}, try ${message.index}/${message.hintTerm}`
    case 'InstallSnapshot':
      return `to ${message.lastIncludedIndex}/${message.lastIncludedTerm}`
    case 'InstallSnapshotReply':
      return `has ${message.index}`
    case 'TimeoutNow':
      return ''
    case 'ReadIndex':
      return `#${message.requestId % 4096}`
    case 'ReadIndexReply':
      return `#${message.requestId % 4096} ${message.index ?? 'no'}`
  }
}
