/** A history that says nothing certain, because it is not one: no JSON, an answer without a question, a put of no key. */
export class HistoryError extends Error {
  override readonly name = 'HistoryError'
  readonly code = 'ERR_QUORATE_CHECK_HISTORY'
}

/** A model of the user's that breaks its contract: its `step` throws, or returns something else than a step. */
export class ModelError extends Error {
  override readonly name = 'ModelError'
  readonly code = 'ERR_QUORATE_CHECK_MODEL'
}
