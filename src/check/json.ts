// Values of histories: what JSON can say, compared by content. Also the states of models that do not say themselves when
// two of their states are equal.

/** A value that is compared as JSON and is not JSON: a Map, a class's instance, a function. */
export class NotJsonError extends Error {
  override readonly name = 'NotJsonError'
  readonly code = 'ERR_QUORATE_CHECK_NOT_JSON'
}

const SEED = 0x811c9dc5
const PRIME = 0x01000193

/** Neither object nor function: `===` says whether two are the same. */
export function isPrimitive(value: unknown): boolean {
  return value === null || (typeof value !== 'object' && typeof value !== 'function')
}

/**
 * Same content: `[1, {"a": 2}]` and `[1, {"a": 2}]`. The order of an object's fields does not count.
 *
 * @throws NotJsonError on what is neither plain object nor array: two Maps have no fields, and would all be equal
 */
export function sameJson(left: unknown, right: unknown): boolean {
  if (left === right || Object.is(left, right)) return true
  if (isPrimitive(left) || isPrimitive(right)) return false
  if (Array.isArray(left) || Array.isArray(right)) return sameArray(left, right)
  const [one, other] = [fieldsOf(left), fieldsOf(right)]
  const names = Object.keys(one)
  if (names.length !== Object.keys(other).length) return false
  return names.every((name) => Object.hasOwn(other, name) && sameJson(one[name], other[name]))
}

function sameArray(left: unknown, right: unknown): boolean {
  if (!Array.isArray(left) || !Array.isArray(right) || left.length !== right.length) return false
  return left.every((item, i) => sameJson(item, right[i]))
}

/** 32 bits; equal for what `sameJson` says is the same. @throws NotJsonError as it does */
export function hashJson(value: unknown): number {
  if (typeof value === 'string') return hashText(value)
  if (typeof value === 'number') return hashNumber(value)
  if (isPrimitive(value)) return hashText(String(value)) ^ 1
  if (Array.isArray(value)) return value.reduce((hash: number, item) => Math.imul(hash ^ hashJson(item), PRIME), SEED)
  let sum = SEED
  // A sum, because the order of fields does not count.
  for (const [name, item] of Object.entries(fieldsOf(value))) {
    sum = (sum + Math.imul(hashText(name) ^ PRIME, hashJson(item) | 1)) | 0
  }
  return sum
}

function hashNumber(value: number): number {
  // Also 0 and -0, which are the same.
  return (value | 0) === value ? Math.imul(value, PRIME) : hashText(String(value))
}

function hashText(text: string): number {
  let hash = SEED
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), PRIME)
  return hash
}

function fieldsOf(value: unknown): { readonly [name: string]: unknown } {
  const prototype: unknown = Object.getPrototypeOf(value)
  if (typeof value === 'object' && (prototype === Object.prototype || prototype === null)) {
    return value as { readonly [name: string]: unknown }
  }
  const what = typeof value === 'object' ? ((value as object).constructor?.name ?? 'an object') : `a ${typeof value}`
  throw new NotJsonError(`${what} cannot be compared as JSON: use plain objects and arrays, or say what equal means`)
}

/** For people: JSON in at most so many characters. */
export function shortJson(value: unknown, maxLength = 80): string {
  const text = JSON.stringify(value) ?? 'nothing'
  return text.length <= maxLength ? text : `${text.slice(0, maxLength - 1)}…`
}
