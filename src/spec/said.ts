/**
 * What a server says must be true of it at that moment, and durable where somebody will build on it (Paper Figure 2:
 * "updated on stable storage before responding to RPCs"). A message that waits for the disk leaves even when its sender
 * has changed since: that looks like a slow network.
 */
import {
  checkAcknowledgement,
  checkAppendEntries,
  checkInstallSnapshot,
  checkRound,
  checkTimeoutNow,
} from './log-messages.ts'
import type { Message } from './message.ts'
import { checkReadIndex, checkReadIndexReply } from './read.ts'
import type { Said } from './step.ts'
import type { Turn } from './turn.ts'
import { checkPreVote, checkPreVoteGrant, checkRequestVote, checkVoteGrant } from './vote-messages.ts'

/** Judges one message that the step has brought forth. The order is that of the saying. */
export function checkSaid(turn: Turn, { message, after }: Said): void {
  checkEnvelope(turn, message)
  switch (message.type) {
    case 'PreVote':
      checkPreVote(turn, message)
      break
    case 'PreVoteReply':
      if (message.granted) checkPreVoteGrant(turn, message)
      break
    case 'RequestVote':
      checkRequestVote(turn, message, after)
      break
    case 'RequestVoteReply':
      if (message.granted) checkVoteGrant(turn, message, after)
      break
    case 'AppendEntries':
      checkAppendEntries(turn, message)
      break
    case 'AppendEntriesReply':
      checkRound(turn, message)
      if (message.success) checkAcknowledgement(turn, message, after)
      break
    case 'InstallSnapshot':
      checkInstallSnapshot(turn, message)
      break
    case 'InstallSnapshotReply':
      checkAcknowledgement(turn, message, after)
      break
    case 'TimeoutNow':
      checkTimeoutNow(turn, message)
      break
    case 'ReadIndex':
      checkReadIndex(turn, message)
      break
    case 'ReadIndexReply':
      checkReadIndexReply(turn, message)
  }
}

function checkEnvelope(turn: Turn, { type, from, to, term }: Message): void {
  const { server, view } = turn
  // What is said before a newer term is taken over is of the older one.
  const isOwnTerm = term === view.currentTerm || term === server.term
  if (from === server.id && to !== server.id && isOwnTerm) return
  turn.refuse('Envelope', `${type} from ${from} to ${to} in term ${term}; its sender is in term ${view.currentTerm}`)
}
