// What an instance under the race check is given in place of its peers, its Persister, its applyCh and its environment:
// the same things, which also say who uses them, when, and what was handed over.

import type { ApplyMsg } from './apply-msg.ts'
import { Channel, type Received } from './channel.ts'
import type { ClientEnd, Handlers, LabEnvironment } from './lab.ts'
import { Persister } from './persister.ts'
import type { HandOvers } from './race-hand-over.ts'
import type { Instance } from './race-instance.ts'

/** Arguments must stay as they are until the call is over. */
export function watchEnd(end: ClientEnd, peer: number, instance: Instance, handOvers: HandOvers): ClientEnd {
  return {
    call: async <Reply>(method: string, args: unknown): Promise<Reply | null> => {
      instance.acts(`the connection to server ${peer}`, `called ${method} of server ${peer}`)
      const change = `server ${instance.server} changed the arguments of ${method} while the call was under way`
      const verify = handOvers.object(args, change)
      const reply = await end.call<Reply>(method, args)
      // From here on the arguments are the caller's again.
      verify()
      return reply
    },
  }
}

/** Handlers run on the instance's behalf, and what they return must stay as it is. */
export function watchHandlers(handlers: Handlers, instance: Instance, handOvers: HandOvers): Handlers {
  const watched = Object.entries(handlers).map(([method, handler]) => {
    const hold = <T>(reply: T): T => {
      const change = `server ${instance.server} changed its reply to ${method} after it was returned`
      handOvers.hold(handOvers.object(reply, change))
      return reply
    }
    const serve = (args: never): unknown =>
      instance.enter(() => {
        const outcome = handler.call(handlers, args)
        return outcome instanceof Promise ? outcome.then(hold) : hold(outcome)
      })
    return [method, serve] as const
  })
  return Object.fromEntries(watched)
}

/** A killed instance saves nothing, and saved bytes are not written to again. */
export class WatchedPersister extends Persister {
  private readonly inner: Persister
  private readonly instance: Instance
  private readonly handOvers: HandOvers

  constructor(inner: Persister, instance: Instance, handOvers: HandOvers) {
    super()
    this.inner = inner
    this.instance = instance
    this.handOvers = handOvers
  }

  override saveRaftState(raftState: Uint8Array): void {
    this.saving(raftState)
    this.inner.saveRaftState(raftState)
  }

  /** `save` comes here too. */
  override saveStateAndSnapshot(raftState: Uint8Array, snapshot: Uint8Array | null): void {
    this.saving(raftState, snapshot)
    this.inner.saveStateAndSnapshot(raftState, snapshot)
  }

  override readRaftState(): Uint8Array {
    return this.read().readRaftState()
  }

  override readSnapshot(): Uint8Array {
    return this.read().readSnapshot()
  }

  override raftStateSize(): number {
    return this.read().raftStateSize()
  }

  override snapshotSize(): number {
    return this.read().snapshotSize()
  }

  private read(): Persister {
    this.instance.used('the Persister')
    return this.inner
  }

  private saving(...saved: (Uint8Array | null)[]): void {
    this.instance.acts('the Persister', 'saved')
    const change = `server ${this.instance.server} changed bytes that it had saved`
    for (const bytes of saved) {
      if (bytes !== null) this.handOvers.hold(this.handOvers.bytes(bytes, change))
    }
  }
}

/** A killed instance sends nothing, and what was sent is the service's. */
export class WatchedChannel extends Channel<ApplyMsg> {
  private readonly inner: Channel<ApplyMsg>
  private readonly instance: Instance
  private readonly handOvers: HandOvers

  constructor(inner: Channel<ApplyMsg>, instance: Instance, handOvers: HandOvers) {
    super()
    this.inner = inner
    this.instance = instance
    this.handOvers = handOvers
  }

  override send(message: ApplyMsg): Promise<void> {
    this.instance.acts('applyCh', 'sent on applyCh')
    const change = `server ${this.instance.server} changed an ApplyMsg after it was sent on applyCh`
    this.handOvers.hold(this.handOvers.object(message, change))
    return this.inner.send(message)
  }

  override receive(): Promise<Received<ApplyMsg>> {
    this.instance.used('applyCh')
    return this.inner.receive()
  }

  override close(): void {
    this.instance.used('applyCh')
    this.inner.close()
  }
}

/** Timers and background loops run on the instance's behalf, whoever's turn it is. */
export function watchEnvironment(env: LabEnvironment, instance: Instance): LabEnvironment {
  const { clock } = env
  return {
    clock: {
      now: () => clock.now(),
      schedule: (delayMs, action) => {
        instance.waits('env.clock')
        return clock.schedule(delayMs, () => instance.enter(action))
      },
      soon: (action) => {
        instance.waits('env.clock')
        clock.soon(() => instance.enter(action))
      },
    },
    sleep: (ms) => {
      instance.waits('env.sleep')
      return env.sleep(ms)
    },
    get random() {
      instance.used('env.random')
      return env.random
    },
    labgob: env.labgob,
    go: (loop) => {
      instance.used('env.go')
      env.go(() => instance.enter(loop))
    },
    log: (topic, text) => env.log(topic, text),
    onStep: env.onStep,
  }
}
