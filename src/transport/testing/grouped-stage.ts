/**
 * The stories of `transportAcceptance` for one group of many: the stage below opens transports, and the story gets the
 * view of one group on them, while two other groups talk over the same connections all the time. At the end, each of
 * these must have heard its own and nothing else.
 */
import type { ServerId } from '../../raft/entry.ts'
import type { Message } from '../../raft/message.ts'
import { assert } from '../../util/assert.ts'
import { utf8Decode, utf8Encode } from '../../util/bytes.ts'
import type { Clock } from '../../util/clock.ts'
import type { TransportStage } from '../acceptance.ts'
import type { SharedTransport, Transport, TransportHandlers } from '../transport.ts'

/** The transports that `below` opens must be SharedTransports, with each other as peers. */
export function groupedStage(below: TransportStage): TransportStage {
  const host = new Talker('the host', below.clock)
  const talkers: Talker[] = []
  return {
    clock: below.clock,
    open: async (handlers) => {
      const ids = Object.keys(handlers)
      const shared = await below.open(Object.fromEntries(ids.map((id) => [id, host])))
      const views: { [id: ServerId]: Transport } = {}
      for (const [i, id] of ids.entries()) {
        const transport = shared[id] as SharedTransport
        // Not in the same order everywhere, so that the servers number differently.
        for (const name of i === 0 ? ['noise 1', 'noise 2'] : ['noise 2', 'noise 1'])
          talkers.push(await Talker.start(name, below.clock, transport.group(name), id, ids))
        const view = transport.group('story')
        await view.start(handlers[id] as TransportHandlers)
        views[id] = view
      }
      while (talkers.some(({ heard }) => heard === 0))
        await new Promise<void>((resolve) => void below.clock.schedule(1, resolve))
      return views
    },
    hangUp: below.hangUp,
    close: async () => {
      for (const talker of talkers) await talker.stop()
      await below.close()
      const faults = [host, ...talkers].flatMap((talker) => talker.faults)
      assert(faults.length === 0, `groups were mixed up: ${faults[0]}`)
    },
  }
}

/** A member of another group, which sends its name all the time and looks whether what it hears is that. */
class Talker implements TransportHandlers {
  readonly faults: string[] = []
  heard = 0
  private readonly name: string
  private readonly clock: Clock
  private stopTalking: () => void = () => {}
  private transport: Transport | null = null

  static async start(name: string, clock: Clock, transport: Transport, id: ServerId, ids: readonly ServerId[]) {
    const talker = new Talker(name, clock)
    talker.transport = transport
    await transport.start(talker)
    for (const to of ids) if (to !== id) talker.talk(transport, id, to)
    return talker
  }

  constructor(name: string, clock: Clock) {
    this.name = name
    this.clock = clock
  }

  async stop(): Promise<void> {
    this.stopTalking()
    await this.transport?.stop()
  }

  onMessage(message: Message): void {
    this.hear(message.type === 'InstallSnapshotReply' ? `noise ${message.term}` : message.type)
  }

  async onRequest(_from: ServerId, body: Uint8Array): Promise<Uint8Array> {
    this.hear(utf8Decode(body) ?? '?')
    return body
  }

  onConnectionLost(): void {}

  async onSnapshot(): Promise<never> {
    this.hear('a snapshot')
    throw new Error('no snapshots here')
  }

  private talk(transport: Transport, from: ServerId, to: ServerId): void {
    const numbers = { term: Number(this.name.at(-1)), session: 1, index: 1 }
    for (let i = 0; i < 20; i++) transport.send({ type: 'InstallSnapshotReply', from, to, ...numbers })
    transport.request(to, utf8Encode(this.name), 1000).then(
      (answer) => this.hear(utf8Decode(answer) ?? '?'),
      () => {}, // The story hangs up now and then.
    )
    this.stopTalking = this.clock.schedule(1, () => this.talk(transport, from, to))
  }

  private hear(said: string): void {
    if (said === this.name) this.heard++
    else this.faults.push(`${this.name} heard ${said}`)
  }
}
