/** What a message may say when it leaves, and whose words a server may listen to. */
import type { AppendEntries, Message } from '../../raft/message.ts'
import type { Raft } from '../../raft/raft.ts'
import type { RaftInput } from '../../raft/watched-raft.ts'
import type { SimServer } from '../sim-server.ts'
import { BrokenProperty, type Observer } from './observer.ts'

/** See the properties Honest Message and No Impostor. */
export class Messages implements Observer {
  /** How many have left a server. */
  count = 0
  private readonly rafts = new Map<string, Raft>()
  private readonly servers = new Map<string, SimServer>()
  /** From which disk of its sender each server was last offered a snapshot: until it is whole, that disk may be gone. */
  private readonly offers = new Map<string, number>()
  /** The last term in which each server has led. */
  private readonly ledTerm = new Map<string, number>()

  booted(server: SimServer, raft: Raft): void {
    this.rafts.set(server.id, raft)
    this.servers.set(server.id, server)
  }

  sent(server: SimServer, message: Message): void {
    this.count++
    const state = this.rafts.get(server.id)?.inspect()
    if (state === undefined) return
    if (message.from !== server.id) throw dishonest(server, message, `names ${message.from} as its sender`)
    if (message.term > state.currentTerm) throw dishonest(server, message, `is of a term above ${state.currentTerm}`)
    if (message.type === 'AppendEntries' && message.term === state.currentTerm) this.checkAppend(server, message)
  }

  /**
   * An emptied disk under an old name has promised what it does not know any more: who knows that name by another disk,
   * or founded the cluster with it, must not count on its word.
   */
  told(server: SimServer, raft: Raft, input: RaftInput): void {
    const { role, currentTerm } = raft.inspect()
    if (role === 'leader') this.ledTerm.set(server.id, currentTerm)
    if (input.type !== 'step') return
    const { message } = input
    const sender = this.servers.get(message.from)
    if (sender === undefined || this.diskBehind(server, message, sender) === 1) return
    const known = raft.inspect().configuration.incarnations[sender.id]
    if (sender.isFounder || (known !== undefined && known !== sender.incarnation))
      throw new BrokenProperty(
        'No Impostor',
        server.id,
        `listens to ${message.from}, whose disk was emptied: ${message.type} of term ${message.term}`,
      )
  }

  arrived(server: SimServer, message: Message): void {
    const sender = this.servers.get(message.from)
    if (message.type === 'InstallSnapshot' && sender !== undefined)
      this.offers.set(`${sender.id} ${server.id}`, sender.diskNumber)
  }

  private diskBehind(server: SimServer, { type }: Message, sender: SimServer): number {
    const offered = type === 'InstallSnapshot' ? this.offers.get(`${sender.id} ${server.id}`) : undefined
    return offered ?? sender.diskNumber
  }

  private checkAppend(server: SimServer, message: AppendEntries): void {
    const state = (this.rafts.get(server.id) as Raft).inspect()
    const { log, commitIndex, role } = state
    // Who has just stepped down may still say what it said as a leader: that looks like a slow network.
    if (role !== 'leader' && this.ledTerm.get(server.id) !== message.term)
      throw dishonest(server, message, `comes from a ${role} who has not led in it`)
    if (message.leaderCommit > commitIndex)
      throw dishonest(server, message, `claims ${message.leaderCommit} committed, where ${commitIndex} are`)
    const { prevLogIndex, prevLogTerm, entries } = message
    const prevTerm = log.termAt(prevLogIndex)
    if (prevTerm !== null && prevTerm !== prevLogTerm)
      throw dishonest(server, message, `says term ${prevLogTerm} at ${prevLogIndex}, where ${prevTerm} is`)
    let expected = prevLogIndex + 1
    for (const { index, term } of entries) {
      const own = log.termAt(index)
      if (index !== expected++ || (own !== null && own !== term))
        throw dishonest(server, message, `carries entry ${index} of term ${term}, where its own is of ${own}`)
    }
  }
}

function dishonest(server: SimServer, message: Message, detail: string): BrokenProperty {
  return new BrokenProperty('Honest Message', server.id, `sends ${message.type} of term ${message.term} that ${detail}`)
}
