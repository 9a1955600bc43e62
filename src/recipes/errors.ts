/** How a recipe can fail beyond what a request to a node can (NodeError). */

export type RecipeErrorCode =
  /** The state machine refused the command: a name or a value that is too long, a queue that is full. */
  | 'ERR_QUORATE_RECIPE_REFUSED'
  /** The session ended while its owner still stood in the queue: ask again. */
  | 'ERR_QUORATE_TURN_LOST'
  /** A watch wants changes that this server no longer remembers: read the entries, and watch from their revision on. */
  | 'ERR_QUORATE_WATCH_BEHIND'

/** Why a recipe came to nothing. */
export class RecipeError extends Error {
  override readonly name = 'RecipeError'
  readonly code: RecipeErrorCode

  constructor(code: RecipeErrorCode, message: string) {
    super(message)
    this.code = code
  }
}
