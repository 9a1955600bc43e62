/**
 * A path that was found, told with one name for each server. Every state on it was stored under other names than the one
 * before, so names are traced back; and messages are named as the network of the core's tests keeps them, in order of
 * sending.
 */
import type { Message } from '../raft/message.ts'
import { assert } from '../util/assert.ts'
import { ARRIVES_TWICE, detailOf, IS_LOST, kindOf, OWN, placeIn } from './actions.ts'
import { type Bounds, nameOf, placeOf, serverCount } from './bounds.ts'
import type { Explorer } from './explorer.ts'
import { messagesFrom, type StateBuffer } from './global-state.ts'
import { CHANGE, DELIVER, TRANSFER } from './inputs.ts'
import type { LocalInput } from './local-server.ts'
import { renamedChange } from './renaming.ts'
import { OUTCOME_STRIDE } from './transitions.ts'

/** One step of a path. */
export interface Happening {
  /** The server's name. */
  readonly id: string
  readonly input: LocalInput
  /** Whether it led before the step. */
  readonly leads: boolean
  /** For messages: what becomes of it. */
  readonly fate: 'arrives' | 'arrivesTwice' | 'isLost' | null
  /** Of the messages in flight from and to the same servers and of the same type, which one, counted from 1. */
  readonly occurrence: number
  /** The index of the server's newest snapshot behind the step. */
  readonly snapshotIndex: number
}

/** The steps of a violation, in order. */
export function tellPath(explorer: Explorer, bounds: Bounds, actions: readonly number[]): Happening[] {
  const teller = new PathTeller(explorer, bounds)
  return actions.map((action, i) => teller.tell(action, i === actions.length - 1))
}

class PathTeller {
  private readonly explorer: Explorer
  private readonly first: number
  /** As the explorer stored it. */
  private canonical: StateBuffer
  /** How its places are called here. */
  private names: number[]
  /** By their own names: servers, and messages in flight in the order of sending. */
  private readonly servers: number[]
  private readonly flights: number[] = []

  constructor(explorer: Explorer, bounds: Bounds) {
    this.explorer = explorer
    this.first = messagesFrom(bounds)
    const count = serverCount(bounds)
    this.names = Array.from({ length: count }, (_, place) => place)
    this.servers = this.names.map((place) => explorer.transitions.first(place))
    const first = explorer.firstForm()
    this.canonical = first.state
    this.names = this.traceBack(first.permutation)
  }

  tell(action: number, isLast: boolean): Happening {
    const kind = kindOf(action)
    const happening = kind === OWN ? this.tellOwn(action) : this.tellMessage(action, kind)
    if (!isLast) {
      const { state, permutation } = this.explorer.follow(this.canonical, action)
      this.canonical = state
      this.names = this.traceBack(permutation)
    }
    return happening
  }

  private tellOwn(action: number): Happening {
    const place = this.names[placeIn(action)] as number
    const input = this.renamedInput(detailOf(action))
    const leads = this.leads(place)
    const snapshotIndex = this.perform(place, input)
    const { inputs, catalogue } = this.explorer.transitions
    const told = inputs.decode(input, (number) => catalogue.message(number))
    return { id: nameOf(place), input: told, leads, fate: null, occurrence: 0, snapshotIndex }
  }

  private tellMessage(action: number, kind: number): Happening {
    const { transitions, symmetry } = this.explorer
    const stored = this.canonical.words[this.first + detailOf(action)] as number
    const number = symmetry.renamedMessage(stored, this.names)
    const message = transitions.catalogue.message(number)
    const at = this.flights.indexOf(number)
    assert(at >= 0, `${message.type} from ${message.from} to ${message.to} is not in flight`)
    const occurrence = 1 + this.flights.slice(0, at).filter((other) => this.isLike(other, message)).length
    this.flights.splice(at, 1)
    if (kind === ARRIVES_TWICE) this.flights.push(number)
    const fate = kind === IS_LOST ? 'isLost' : kind === ARRIVES_TWICE ? 'arrivesTwice' : 'arrives'
    const leads = this.leads(placeOf(message.to))
    const snapshotIndex = kind === IS_LOST ? 0 : this.perform(placeOf(message.to), number + DELIVER)
    return { id: message.to, input: { type: 'deliver', message }, leads, fate, occurrence, snapshotIndex }
  }

  private leads(place: number): boolean {
    return this.explorer.transitions.catalogue.columns.leads.data[this.servers[place] as number] === 1
  }

  private isLike(number: number, { from, to, type }: Message): boolean {
    const other = this.explorer.transitions.catalogue.message(number)
    return other.from === from && other.to === to && other.type === type
  }

  private renamedInput(input: number): number {
    if (input < TRANSFER) return input
    if (input < CHANGE) return TRANSFER + (this.names[input - TRANSFER] as number)
    const { changes } = this.explorer.transitions.inputs
    const wanted = renamedChange(changes[input - CHANGE] as (typeof changes)[number], (id) =>
      nameOf(this.names[placeOf(id)] as number),
    )
    return CHANGE + changes.findIndex((change) => JSON.stringify(change) === JSON.stringify(wanted))
  }

  private perform(place: number, input: number): number {
    const { transitions } = this.explorer
    const outcome = transitions.find(this.servers[place] as number, input)
    const [next = 0, begin = 0, count = 0] = transitions.outcomes.data.subarray(outcome * OUTCOME_STRIDE)
    this.servers[place] = next
    for (let i = begin; i < begin + count; i++) this.flights.push(transitions.sent.data[i] as number)
    return transitions.catalogue.server(next).disk.snapshot.index
  }

  /** The permutation says where each place went; here is asked what is at each place now. */
  private traceBack(permutation: number): number[] {
    const names: number[] = []
    for (const [place, name] of this.names.entries()) {
      names[this.explorer.symmetry.permutations.apply(permutation, place)] = name
    }
    return names
  }
}
