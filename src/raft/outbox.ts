/** The Ready of the turn that is going on: handlers add to it, `takeReady` takes it and starts a new one. */
import type { ServerId } from './entry.ts'
import type { Message } from './message.ts'
import type { Fetch, Outgoing, RaftEvent, ReadState, SendSnapshot, Seq, SnapshotMeta } from './ready.ts'

export class Outbox {
  messages: Outgoing[] = []
  fetches: Fetch[] = []
  snapshots: SendSnapshot[] = []
  reads: ReadState[] = []
  events: RaftEvent[] = []
  restore: SnapshotMeta | null = null
  compactTo: number | null = null

  send(message: Message, after: Seq): void {
    this.messages.push({ message, after })
  }

  get isEmpty(): boolean {
    return (
      this.messages.length === 0 &&
      this.fetches.length === 0 &&
      this.snapshots.length === 0 &&
      this.reads.length === 0 &&
      this.events.length === 0 &&
      this.restore === null &&
      this.compactTo === null
    )
  }

  /** True when an AppendEntries to this server is already waiting in this turn. */
  hasAppendTo(id: ServerId): boolean {
    return this.messages.some(({ message }) => message.type === 'AppendEntries' && message.to === id)
  }
}
