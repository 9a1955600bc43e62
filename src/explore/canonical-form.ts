/** The one state that stands for all renamings of it: see `symmetry.ts`. Runs for every successor, so it allocates nothing. */
import { CHOSEN, ELECTED, HEAD, newBuffer, type StateBuffer } from './global-state.ts'
import { type History, renamedElected } from './history.ts'
import type { Symmetry } from './symmetry.ts'

export class CanonicalForm {
  /** The permutation that led to the latest form. */
  permutation = 0
  private readonly symmetry: Symmetry
  private readonly history: History
  private readonly count: number
  private readonly hasSets: boolean
  private readonly voters: number
  private readonly wanted = new Int32Array(8)
  private best: StateBuffer = newBuffer()
  private trial: StateBuffer = newBuffer()

  /** `hasChanges`: committed entries may name servers. */
  constructor(symmetry: Symmetry, history: History, voters: number, hasChanges: boolean) {
    this.symmetry = symmetry
    this.history = history
    this.count = symmetry.permutations.servers
    this.voters = voters
    this.hasSets = hasChanges
  }

  /** The canonical form of `state`, whose messages need not be in order; valid until the next call. */
  of(state: StateBuffer): StateBuffer {
    const { symmetry, count } = this
    for (let place = 0; place < count; place++) symmetry.server(state.words[HEAD + place] as number)
    for (let i = HEAD + count; i < state.length; i++) symmetry.message(state.words[i] as number)
    const all = symmetry.permutations.count
    this.orderLikeness(state)
    let isFirst = true
    for (let p = 0; p < all; p++) {
      if (!this.isOrdered(state, p)) continue
      this.rename(state, p)
      if (!isFirst && !isSmaller(this.trial, this.best)) continue
      const { best } = this
      this.best = this.trial
      this.trial = best
      this.permutation = p
      isFirst = false
    }
    return this.best
  }

  /** In `wanted`: which likeness belongs at which place, voters and spares each in order. */
  private orderLikeness({ words }: StateBuffer): void {
    const { wanted, count, voters } = this
    const likeness = this.symmetry.likeness.data
    const isFree = this.symmetry.permutations.count > 1
    for (let place = 0; place < count; place++) {
      const value = likeness[words[HEAD + place] as number] as number
      const lowest = place < voters ? 0 : voters
      let at = place
      while (isFree && at > lowest && (wanted[at - 1] as number) > value) {
        wanted[at] = wanted[at - 1] as number
        at--
      }
      wanted[at] = value
    }
  }

  private isOrdered({ words }: StateBuffer, permutation: number): boolean {
    const { wanted, count } = this
    const { to } = this.symmetry.permutations
    const likeness = this.symmetry.likeness.data
    for (let place = 0; place < count; place++) {
      const target = to[permutation * count + place] as number
      if (wanted[target] !== likeness[words[HEAD + place] as number]) return false
    }
    return true
  }

  /** Into `trial`. */
  private rename({ words, sleeps, length }: StateBuffer, permutation: number): void {
    const { count, symmetry, trial } = this
    const { permutations } = symmetry
    const [servers, messages] = [symmetry.servers.data, symmetry.messages.data]
    const first = permutation * count
    trial.words[0] = words[0] as number
    const elected = words[ELECTED] as number
    trial.words[ELECTED] = permutation === 0 ? elected : renamedElected(elected, permutations.to, first)
    const chosen = words[CHOSEN] as number
    trial.words[CHOSEN] = this.hasSets ? symmetry.renameHistory(this.history, chosen, permutation) : chosen
    for (let place = 0; place < count; place++) {
      const target = permutations.to[first + place] as number
      trial.words[HEAD + target] = servers[(words[HEAD + place] as number) * permutations.count + permutation] as number
    }
    const begin = HEAD + count
    for (let i = begin; i < length; i++) {
      const message = (messages[(words[i] as number) * permutations.count + permutation] as number) - 1
      const asleep = sleeps[i] as number
      let at = i
      for (; at > begin && (trial.words[at - 1] as number) > message; at--) {
        trial.words[at] = trial.words[at - 1] as number
        trial.sleeps[at] = trial.sleeps[at - 1] as number
      }
      trial.words[at] = message
      trial.sleeps[at] = asleep
    }
    trial.length = length
  }
}

/** Servers first: they differ more often than what is in front of them. */
function isSmaller(one: StateBuffer, other: StateBuffer): boolean {
  for (let i = HEAD; i < one.length; i++) {
    const difference = (one.words[i] as number) - (other.words[i] as number)
    if (difference !== 0) return difference < 0
  }
  for (let i = 0; i < HEAD; i++) {
    const difference = (one.words[i] as number) - (other.words[i] as number)
    if (difference !== 0) return difference < 0
  }
  return false
}
