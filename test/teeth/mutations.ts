/**
 * Bugs to plant: one small change each, of a kind that real systems shipped. `scripts/teeth.js` plants them one at a time
 * in a copy of the sources and runs the tests: a bug that no test notices is a hole in the tests. Each bug has one home,
 * in `bugs`; whoever plants it refers to it by its id, as the published table in `published.ts` does.
 */
import { CHECKING } from './bugs/checking.ts'
import { DISKS } from './bugs/disks.ts'
import { MACHINES } from './bugs/machines.ts'
import { MEMBERSHIP_AND_SNAPSHOTS } from './bugs/members.ts'
import type { Mutation, Place } from './bugs/mutation.ts'
import { READING_AND_HANDING_OVER } from './bugs/reading.ts'
import { REPLICATING } from './bugs/replicating.ts'
import { RESTING } from './bugs/resting.ts'
import { SESSIONS } from './bugs/sessions.ts'
import { VOTING } from './bugs/voting.ts'
import { WIRE } from './bugs/wire.ts'

export type { Mutation, Place }

/** All of them; ids are unique. */
export const MUTATIONS: readonly Mutation[] = [
  ...VOTING,
  ...REPLICATING,
  ...READING_AND_HANDING_OVER,
  ...MEMBERSHIP_AND_SNAPSHOTS,
  ...RESTING,
  ...SESSIONS,
  ...MACHINES,
  ...CHECKING,
  ...DISKS,
  ...WIRE,
]

/** All that planting it changes, in order; two of them may be in one file. */
export function placesOf({ file, find, replace, also = [] }: Mutation): readonly Place[] {
  return [{ file, find, replace }, ...also]
}
