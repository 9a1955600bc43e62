/** Linearizable reads: Thesis §6.4. */
import type { ReadIndex, ReadIndexReply } from './message.ts'
import { isQuorum } from './quorum.ts'
import type { ReadBegun } from './server.ts'
import type { ReadAnswer } from './step.ts'
import type { Turn } from './turn.ts'

/** How many answers and questions are kept: more are under way only when most are lost. */
const KEPT = 4096

/** Notes which reads begin in this step, before anything that is sent in it. */
export function noteReads(turn: Turn): void {
  const { server, view, message, step } = turn
  if (step.input.type === 'read') note(server.reads, step.input.token, begin(turn))
  if (message?.type === 'ReadIndex' && view.role === 'leader') {
    const key = keyOf(message)
    if (!server.requests.has(key)) note(server.requests, key, begin(turn))
  }
  if (message?.type !== 'ReadIndexReply' || message.index === null) return
  const asked = server.asked.get(message.requestId)
  if (asked === undefined) return
  server.answers.push({ asked, index: message.index })
  if (server.answers.length > 64) server.answers.shift()
}

/** As before the step, but for acknowledgements: they are of rounds that began earlier. */
function begin({ server, view }: Turn): ReadBegun {
  return { commitIndex: server.commitIndex, round: server.roundSaid, term: view.currentTerm, asked: server.askedCount }
}

function note<K>(map: Map<K, ReadBegun>, key: K, begun: ReadBegun): void {
  map.set(key, begun)
  if (map.size <= KEPT) return
  for (const oldest of map.keys()) return void map.delete(oldest)
}

/** A follower asks: which of its reads this may answer depends on when it asked first. */
export function checkReadIndex(turn: Turn, { requestId }: ReadIndex): void {
  const { server } = turn
  if (server.asked.has(requestId)) return
  if (server.askedBefore.has(requestId)) {
    turn.refuse('ReadAsked', `it asks under number ${requestId}, as it did before its restart`)
  }
  server.askedCount++
  server.asked.set(requestId, server.askedCount)
  if (server.asked.size <= KEPT) return
  for (const oldest of server.asked.keys()) return void server.asked.delete(oldest)
}

/** A leader answers another server. */
export function checkReadIndexReply(turn: Turn, reply: ReadIndexReply): void {
  // Kept: a question that the network has doubled is answered twice.
  const begun = turn.server.requests.get(`${reply.to} ${reply.requestId}`)
  if (reply.index === null || turn.server.isAdopted) return
  const problem = refuteAsLeader(turn, begun, reply.index)
  if (problem !== null) turn.refuse('ReadIndexAnswer', `it answers read ${reply.requestId} of ${reply.to}: ${problem}`)
}

/** A read of the server's own client is answered: as leader by itself, or as follower by what the leader said. */
export function checkReadAnswer(turn: Turn, { token, index }: ReadAnswer): void {
  const { server } = turn
  const begun = server.reads.get(token)
  server.reads.delete(token)
  if (index === null || server.isAdopted) return
  const problem = refuteAsLeader(turn, begun, index)
  if (problem === null) return
  const isGiven = begun !== undefined && server.answers.some((one) => one.asked > begun.asked && one.index <= index)
  if (!isGiven) turn.refuse('ReadServed', `it serves read ${token} at ${index}; no leader has said so, and ${problem}`)
}

/** Steps 1 to 3 of Thesis §6.4; what is wrong with the answer, or null. */
function refuteAsLeader(turn: Turn, begun: ReadBegun | undefined, index: number): string | null {
  const { server, view } = turn
  if (view.role !== 'leader') return `a ${view.role} has no read index to give`
  if (begun === undefined || begun.term !== view.currentTerm) return 'nobody has asked in this term'
  if (index > view.commitIndex) return `${index} is not committed, but ${view.commitIndex}`
  if (index < begun.commitIndex) return `${index} is below ${begun.commitIndex}, committed when the read began`
  if (index >= server.log.base && server.log.termAt(index) !== view.currentTerm) {
    return `${index} is of term ${server.log.termAt(index)}, nothing of term ${view.currentTerm} was committed`
  }
  // PERMITTED where it is said to be in use: the lease, which trusts clocks (Thesis §6.4.1).
  if (turn.options.leaseReads === true) return null
  const hasConfirmed = (id: string) => id === server.id || (server.followers.get(id)?.round ?? 0) > begun.round
  if (isQuorum(server.log.configuration.configuration, hasConfirmed)) return null
  return `no quorum has confirmed a round later than ${begun.round}`
}

const keyOf = ({ from, requestId }: ReadIndex): string => `${from} ${requestId}`
