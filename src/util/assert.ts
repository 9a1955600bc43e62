/** A broken promise of our own code. Whoever catches it must stop: carrying on would spread the damage. */
export class InvariantError extends Error {
  override readonly name = 'InvariantError'
  readonly code = 'ERR_QUORATE_INVARIANT'
}

/**
 * Checks our own reasoning, in production too. Never for input from the network or from users: what they send wrong
 * is refused, not asserted.
 *
 * @throws InvariantError when `condition` is false
 */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new InvariantError(message)
}

/**
 * For the path of an entry, behind an `if`: there the words of an `assert`, put together and thrown away 100,000 times
 * a second, were 3 % of a server's work.
 */
export function broken(message: string): never {
  throw new InvariantError(message)
}

/** The end of an exhaustive switch: compiles only when every case is handled. */
export function unreachable(value: never): never {
  throw new InvariantError(`unreachable: ${JSON.stringify(value)}`)
}
