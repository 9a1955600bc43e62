/** Errors of the core. What the protocol expects (a rejected vote, a refused proposal) is a value, never an error. */

/** An option, or two that do not go together. The message says which, with the numbers, and what to change. */
export class OptionsError extends Error {
  override readonly name = 'OptionsError'
  readonly code = 'ERR_QUORATE_OPTIONS'
}
