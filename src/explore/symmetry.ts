/**
 * Of all renamings of a global state the one with the smallest numbers stands for all of them. Servers are first put in
 * the order of what they are like, whatever they are called; only those that are alike are tried in several orders.
 */
import type { Bounds } from './bounds.ts'
import { nameOf, placeOf } from './bounds.ts'
import { Column } from './growing.ts'
import type { History } from './history.ts'
import { Permutations } from './permutations.ts'
import { type Rename, renamedMessage, renamedServer } from './renaming.ts'
import type { Transitions } from './transitions.ts'

export class Symmetry {
  readonly permutations: Permutations
  /** `number * count + permutation`: the number of what the permutation makes of it. Ask `server()` and `message()` first. */
  readonly servers: Column = new Column()
  readonly messages: Column = new Column()
  /** Equal for servers that differ in names only. */
  readonly likeness: Column = new Column()
  private readonly transitions: Transitions
  private readonly bounds: Bounds
  private readonly renames: readonly Rename[]
  /** `composed[p * count + q]`: first q, then p. */
  private readonly composed: Int32Array

  constructor(transitions: Transitions, bounds: Bounds, isSymmetric: boolean) {
    this.transitions = transitions
    this.bounds = bounds
    this.permutations = new Permutations(bounds.servers, bounds.spares, isSymmetric)
    const { count } = this.permutations
    this.renames = Array.from({ length: count }, (_, number) => this.renameOf(number))
    this.composed = new Int32Array(count * count)
    for (let p = 0; p < count; p++) for (let q = 0; q < count; q++) this.composed[p * count + q] = this.compose(p, q)
  }

  /** Fills in what the permutations make of this server, if that was not done yet. */
  server(number: number): void {
    if (((this.likeness.data[number] as number | undefined) ?? 0) !== 0) return
    const { catalogue } = this.transitions
    const original = catalogue.server(number)
    const orbit = this.renames.map((rename, p) =>
      p === 0 ? number : this.transitions.numberOf(renamedServer(original, this.bounds, rename)),
    )
    this.fill(this.servers, orbit)
    for (const member of orbit) this.likeness.set(member, number + 1)
  }

  message(number: number): void {
    const { count } = this.permutations
    if (((this.messages.data[number * count] as number | undefined) ?? 0) !== 0) return
    const { catalogue } = this.transitions
    const original = catalogue.message(number)
    // Numbers of messages are kept one higher: 0 says that nothing was filled in yet.
    const orbit = this.renames.map((rename, p) =>
      p === 0 ? number : catalogue.numberOfMessage(renamedMessage(original, rename)),
    )
    this.fill(this.messages, orbit, 1)
  }

  /** The number of a message when the server at each place is called by another's name. */
  renamedMessage(number: number, names: readonly number[]): number {
    const { catalogue } = this.transitions
    const rename: Rename = (id) => nameOf(names[placeOf(id)] as number)
    return catalogue.numberOfMessage(renamedMessage(catalogue.message(number), rename))
  }

  /** What the permutation makes of a history. */
  renameHistory(history: History, chosen: number, permutation: number): number {
    return history.renamed(chosen, permutation, this.renames[permutation] as Rename)
  }

  /** `orbit` is what each permutation makes of its first; so what it makes of the others is known, too. */
  private fill(column: Column, orbit: readonly number[], offset = 0): void {
    const { count } = this.permutations
    for (const [q, member] of orbit.entries()) {
      for (let p = 0; p < count; p++) {
        const image = orbit[this.composed[p * count + q] as number] as number
        column.set(member * count + p, image + offset)
      }
    }
  }

  private renameOf(permutation: number): Rename {
    return (id) => nameOf(this.permutations.apply(permutation, placeOf(id)))
  }

  private compose(p: number, q: number): number {
    const { permutations } = this
    return permutations.numberOf(permutations.places(q).map((place) => permutations.apply(p, place))) ?? 0
  }
}
