/** A bug to plant: one small change of a kind that real systems shipped. */

/** What is replaced by what in one file of the sources. */
export interface Place {
  readonly file: string
  /** Occurs exactly once in the file. */
  readonly find: string
  readonly replace: string
}

/** One bug; `also` where it takes more than one place. */
export interface Mutation extends Place {
  readonly id: string
  /** What the bug does. */
  readonly title: string
  /** Why this bug is real: who had it, or where it is described. */
  readonly source: string
  readonly also?: readonly Place[]
}
