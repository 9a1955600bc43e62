// The race check: what `go test -race` is for, in a language with one thread. Code still interleaves here, at every
// `await`, and objects are still shared. Found are
//
//   - RPC arguments, replies, ApplyMsgs, snapshots and saved bytes that change after they were handed over;
//   - RPCs, saves and ApplyMsgs of an instance that was killed, and timers that it sets without end;
//   - an instance that uses another other than by RPC: its methods, its peers, its Persister, its applyCh, its timers.
//
// Not found are plain variables that two instances share, and fields that one reads of another. Together with
// `shuffle`, which runs the events of one instant in any order, this wraps a `make`; the run itself stays as it is.

import type { LabRaft, Make } from './lab.ts'
import { HandOvers } from './race-hand-over.ts'
import { Instance, type RaceContext } from './race-instance.ts'
import { WatchedChannel, WatchedPersister, watchEnd, watchEnvironment, watchHandlers } from './race-ports.ts'

export type { RaceContext } from './race-instance.ts'

/** The same Raft, each instance under the check. A race fails the test with a message that begins with "race:". */
export function checkRaces(make: Make, context: RaceContext): Make {
  return (peers, me, persister, applyCh, env) => {
    const instance = new Instance(me, context, env)
    const handOvers = new HandOvers(
      () => instance.now(),
      (text) => instance.report(text),
    )
    const raft = instance.enter(() =>
      make(
        peers.map((end, peer) => watchEnd(end, peer, instance, handOvers)),
        me,
        new WatchedPersister(persister, instance, handOvers),
        new WatchedChannel(applyCh, instance, handOvers),
        watchEnvironment(env, instance),
      ),
    )
    guardMethods(raft, instance)
    return asTheTesterSees(raft, instance, handOvers)
  }
}

/** Only the tester holds this one: it alone may use any instance. */
function asTheTesterSees(raft: LabRaft, instance: Instance, handOvers: HandOvers): LabRaft {
  return {
    handlers: watchHandlers(raft.handlers, instance, handOvers),
    start: (command) => instance.enter(() => raft.start(command)),
    getState: () => instance.enter(() => raft.getState()),
    snapshot: (index, snapshot) => {
      const change = `server ${instance.server} changed the snapshot that the service gave it`
      handOvers.hold(handOvers.bytes(snapshot, change))
      instance.enter(() => raft.snapshot(index, snapshot))
    },
    condInstallSnapshot: (term, index, snapshot) =>
      instance.enter(() => raft.condInstallSnapshot(term, index, snapshot)),
    kill: () => {
      instance.enter(() => raft.kill())
      instance.kill()
    },
    killed: () => instance.enter(() => raft.killed()),
  }
}

/** Shadows every method of the instance by one that also says that it was used. */
function guardMethods(raft: object, instance: Instance): void {
  if (!Object.isExtensible(raft)) return
  for (const [name, method] of methodsOf(raft)) {
    const guarded = function (this: unknown, ...args: unknown[]): unknown {
      instance.used(`${name}()`)
      return Reflect.apply(method, this, args)
    }
    Object.defineProperty(raft, name, { value: guarded, configurable: true, writable: true })
  }
}

function methodsOf(raft: object): Map<string, (...args: unknown[]) => unknown> {
  const methods = new Map<string, (...args: unknown[]) => unknown>()
  for (let holder = raft; holder !== Object.prototype && holder !== null; holder = Object.getPrototypeOf(holder)) {
    for (const [name, property] of Object.entries(Object.getOwnPropertyDescriptors(holder))) {
      const isMethod = typeof property.value === 'function' && property.configurable && name !== 'constructor'
      if (isMethod && !methods.has(name)) methods.set(name, property.value)
    }
  }
  return methods
}
