import { NOBODY } from '../../raft/configuration.ts'
import { encodeEntries } from '../../raft/entry.ts'
import type { Message, MessageType } from '../../raft/message.ts'
import { utf8Encode } from '../../util/bytes.ts'
import { encodeMessage } from '../codec.ts'
import type { FrameType, OutgoingFrame } from '../frame.ts'
import { encodeGroup, encodeGroupEnded } from '../groups.ts'
import { encodeHello, encodeRefusal, encodeWelcome, helloFor } from '../handshake.ts'
import { encodeRequest, encodeResponse } from '../requests.ts'
import { encodeBare, encodeChunk, encodeOffer, encodeOffset, encodeSnapshotRefusal } from '../snapshot-frames.ts'

const route = { from: 'a', to: 'b', term: 5 }

const INSTALL_SNAPSHOT = {
  ...route,
  type: 'InstallSnapshot',
  lastIncludedIndex: 100,
  lastIncludedTerm: 4,
  configuration: { ...NOBODY, voters: ['a', 'b'], learners: ['c'], addresses: { a: 'h:1' } },
  session: 9,
} as const

/** One message of each kind, from a to b. */
export const SAMPLE_MESSAGES: { readonly [Type in MessageType]: Message & { readonly type: Type } } = {
  PreVote: { ...route, type: 'PreVote', campaignTerm: 6, lastLogIndex: 12, lastLogTerm: 4 },
  PreVoteReply: { ...route, type: 'PreVoteReply', campaignTerm: 6, granted: true },
  RequestVote: { ...route, type: 'RequestVote', lastLogIndex: 12, lastLogTerm: 4, transfer: true },
  RequestVoteReply: { ...route, type: 'RequestVoteReply', granted: true },
  AppendEntries: {
    ...route,
    type: 'AppendEntries',
    prevLogIndex: 12,
    prevLogTerm: 4,
    entries: encodeEntries([utf8Encode('x=1'), utf8Encode('y=2')], 'command', 5, 13),
    leaderCommit: 11,
    session: 9,
    readRound: 3,
    restMs: 10_000,
  },
  AppendEntriesReply: {
    ...route,
    type: 'AppendEntriesReply',
    session: 9,
    readRound: 3,
    success: false,
    index: 10,
    hintTerm: 3,
    prevLogIndex: 12,
  },
  InstallSnapshot: INSTALL_SNAPSHOT,
  InstallSnapshotReply: { ...route, type: 'InstallSnapshotReply', session: 9, index: 100 },
  TimeoutNow: { ...route, type: 'TimeoutNow' },
  ReadIndex: { ...route, type: 'ReadIndex', requestId: 77 },
  ReadIndexReply: { ...route, type: 'ReadIndexReply', requestId: 77, index: null },
}

/** One frame of each type; the examples of `docs/formats/wire.md` are these. */
export const SAMPLE_FRAMES: readonly { readonly type: FrameType; readonly frame: OutgoingFrame }[] = [
  {
    type: 'Hello',
    frame: encodeHello(helloFor({ cluster: 'demo', id: 'a', incarnation: 'f00d' }, 'b', 'messages')),
  },
  { type: 'Welcome', frame: encodeWelcome({ version: 1, cluster: 'demo', id: 'b', incarnation: 'beef' }) },
  { type: 'Refusal', frame: encodeRefusal({ code: 'wrongCluster', reason: 'this is prod' }) },
  { type: 'Ping', frame: encodeBare('Ping') },
  { type: 'Pong', frame: encodeBare('Pong') },
  { type: 'Request', frame: encodeRequest(41, utf8Encode('set x 1')) },
  { type: 'Response', frame: encodeResponse(41, 'answered', utf8Encode('ok')) },
  { type: 'SnapshotOffer', frame: encodeOffer({ message: INSTALL_SNAPSHOT, offer: { id: 's1', sizeBytes: 6 } }) },
  { type: 'SnapshotResume', frame: encodeOffset('SnapshotResume', 2) },
  { type: 'SnapshotChunk', frame: encodeChunk(2, utf8Encode('data')) },
  { type: 'SnapshotAck', frame: encodeOffset('SnapshotAck', 6) },
  { type: 'SnapshotDone', frame: encodeBare('SnapshotDone') },
  { type: 'SnapshotRefusal', frame: encodeSnapshotRefusal('disk full') },
  { type: 'Group', frame: encodeGroup(3, utf8Encode('orders')) },
  { type: 'GroupEnded', frame: encodeGroupEnded(3) },
  ...Object.values(SAMPLE_MESSAGES).map((message) => ({ type: message.type, frame: encodeMessage(message) })),
]
