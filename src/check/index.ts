/**
 * Is this history linearizable? A checker for what clients of a register, of a key/value store, or of an object of your
 * own have seen.
 *
 * @module quorate/check
 */
export type { Exhausted, Limits } from './budget.ts'
export { checkLinearizability, type PartReport, type Report, type Verdict } from './check.ts'
export { HistoryError, ModelError } from './errors.ts'
export { type Completion, type HistoryEvent, parseEvent } from './history.ts'
export { NotJsonError } from './json.ts'
export type { Break } from './longest-prefix.ts'
export type { Call, Model, Step } from './model.ts'
export { keyValue, register } from './models.ts'
export { describeOperation, type Operation, operationsOf, Pairing } from './operation.ts'
export { drawPicture } from './picture.ts'
