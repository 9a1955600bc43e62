/** What leads from one global state to the next, as one number: what happens, at which place, and to which message. */

/** How an action treats the messages in flight. */
export const OWN = 0
/** A message arrives and is gone. */
export const ARRIVES = 1
/** A message arrives, and a copy of it stays in flight. */
export const ARRIVES_TWICE = 2
/** A message is lost. */
export const IS_LOST = 3

/** @param detail an input's number, or for messages its position in the canonical state */
export function actionOf(kind: number, place: number, detail: number): number {
  return (kind << 24) | (place << 16) | detail
}

/** OWN, ARRIVES, ARRIVES_TWICE or IS_LOST. */
export function kindOf(action: number): number {
  return action >>> 24
}

/** Whose step it is. */
export function placeIn(action: number): number {
  return (action >>> 16) & 0xff
}

/** As given to `actionOf`. */
export function detailOf(action: number): number {
  return action & 0xffff
}
