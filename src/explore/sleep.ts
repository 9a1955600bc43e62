/**
 * Steps of different servers commute: whichever comes first, the state behind both is the same. Sleep sets (Godefroid
 * 1996) take each such pair in one order only. A step that was taken from a state sleeps in the states behind its
 * siblings, until something of its own server wakes it. All states are still reached, by fewer ways.
 *
 * Which of a state's steps sleep is a word: one bit for each of the first twelve messages, and one for each server's
 * time-out, write and late deadlines. Other steps use up what is limited for all servers together, so they never sleep.
 */

/** Messages that have a bit: those at the first positions. */
export const SLEEPING_MESSAGES = 12
const KINDS = 3
const PLACES = 5
const OWN_FROM: number = SLEEPING_MESSAGES
/** The bits of steps. */
export const STEP_BITS: number = OWN_FROM + KINDS * PLACES
/** All steps. */
export const ALL_STEPS: number = 2 ** STEP_BITS - 1

/** The kind is 0, 1 or 2. */
export function ownBit(kind: number, place: number): number {
  return OWN_FROM + kind * PLACES + place
}

/** The bits of servers' own steps, with the places exchanged; those of messages are gone. */
export function renamedOwnBits(bits: number, to: Int32Array, first: number, servers: number): number {
  let renamed = 0
  for (let kind = 0; kind < KINDS; kind++) {
    for (let place = 0; place < servers; place++) {
      if ((bits & (1 << ownBit(kind, place))) !== 0) renamed |= 1 << ownBit(kind, to[first + place] as number)
    }
  }
  return renamed
}
