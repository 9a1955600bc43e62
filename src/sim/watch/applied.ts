/** What the state machines were given and made of it: the same commands, once, in the same order, to the same effect. */
import { encodeConfiguration } from '../../raft/configuration.ts'
import type { SnapshotMeta } from '../../raft/ready.ts'
import type { CommittedEntry } from '../../runtime/state-machine.ts'
import { concat, equal } from '../../util/bytes.ts'
import type { SimServer } from '../sim-server.ts'
import { hashBytes } from './hash-bytes.ts'
import { BrokenProperty, type Observer } from './observer.ts'

/** What was applied at an index, as whoever came there first did. */
interface First {
  readonly server: string
  readonly command: number
  readonly answer: number
}

interface Place {
  life: number
  index: number
}

/** See the properties Ordered Apply, Exactly Once, Determinism and Faithful Snapshot. */
export class Applied implements Observer {
  private readonly firsts: First[] = []
  private readonly indexOf = new Map<number, number>()
  private readonly places = new Map<string, Place>()
  private readonly snapshots = new Map<number, { readonly server: string; readonly bytes: Uint8Array }>()

  private readonly wholes = new Map<number, { readonly server: string; readonly whole: number }>()

  /** The index at which this command was applied, if it was. */
  indexOfCommand(command: Uint8Array): number | undefined {
    return this.indexOf.get(hashBytes(command))
  }

  /** The last index at which a command was applied anywhere. */
  get lastIndex(): number {
    return this.firsts.length - 1
  }

  applied(server: SimServer, entries: readonly CommittedEntry[], answers: readonly Uint8Array[]): void {
    const place = this.placeOf(server)
    for (let i = 0; i < entries.length; i++) {
      const { index, command } = entries[i] as CommittedEntry
      if (index <= place.index)
        throw new BrokenProperty('Ordered Apply', server.id, `applies entry ${index} after ${place.index}`)
      place.index = index
      this.compare(server, index, hashBytes(command), hashBytes(answers[i] as Uint8Array))
    }
  }

  restored(server: SimServer, index: number, bytes: Uint8Array): void {
    this.placeOf(server).index = index
    this.compareSnapshot(server, index, bytes)
  }

  snapshotTaken(server: SimServer, index: number, bytes: Uint8Array): void {
    this.compareSnapshot(server, index, bytes)
  }

  /** The sessions, too, and what it says of its place: whoever is brought to it goes on from there. */
  snapshotStored(server: SimServer, { index, term, configuration }: SnapshotMeta, bytes: Uint8Array): void {
    const whole = hashBytes(concat([encodeConfiguration(configuration), bytes])) + term
    const first = this.wholes.get(index)
    if (first === undefined) this.wholes.set(index, { server: server.id, whole })
    else if (first.whole !== whole)
      throw new BrokenProperty(
        'Faithful Snapshot',
        server.id,
        `has a snapshot of entry ${index} with other sessions, members or contents than ${first.server}`,
      )
  }

  private placeOf(server: SimServer): Place {
    let place = this.places.get(server.id)
    if (place === undefined || place.life !== server.host.life) {
      place = { life: server.host.life, index: 0 }
      this.places.set(server.id, place)
    }
    return place
  }

  private compare(server: SimServer, index: number, command: number, answer: number): void {
    const first = this.firsts[index]
    if (first === undefined) {
      const earlier = this.indexOf.get(command)
      if (earlier !== undefined)
        throw new BrokenProperty('Exactly Once', server.id, `applies at ${index} the command that ${earlier} was`)
      this.firsts[index] = { server: server.id, command, answer }
      this.indexOf.set(command, index)
      return
    }
    if (first.command !== command)
      throw new BrokenProperty(
        'State Machine Safety',
        server.id,
        `applies another command at ${index} than ${first.server}`,
      )
    if (first.answer !== answer)
      throw new BrokenProperty(
        'Determinism',
        server.id,
        `answers command ${index} differently than ${first.server} did`,
      )
  }

  private compareSnapshot(server: SimServer, index: number, bytes: Uint8Array): void {
    const first = this.snapshots.get(index)
    if (first === undefined) this.snapshots.set(index, { server: server.id, bytes })
    else if (!equal(first.bytes, bytes))
      throw new BrokenProperty('Determinism', server.id, `has another state at entry ${index} than ${first.server}`)
  }
}
