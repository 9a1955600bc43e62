/**
 * How far an exploration goes. Raft's states are without end: terms rise and logs grow for ever. Within bounds they are
 * finite, and small bounds find most bugs, because most bugs need two leaders and one entry.
 */
import type { RaftOptions } from '../raft/options.ts'

/** What may happen, and how often. A step that would lead out of the bounds is not taken. */
export interface Bounds {
  /** Voters at the beginning, 2 to 5 together with `spares`. */
  readonly servers: number
  /** Servers that start with an empty disk and belong to nobody: they can be added. */
  readonly spares: number
  /** The highest term, at most 10. */
  readonly terms: number
  /** The highest index, at most 6. */
  readonly log: number
  /** Messages in flight, at most 12. A step that would send more is not taken. */
  readonly messages: number
  /** Messages in flight from one server to another. */
  readonly perPair: number
  /** Commands that are proposed, at most 7. */
  readonly proposals: number
  /** Different commands among these; 1: all are equal. */
  readonly values: number
  /** Rounds of heartbeats that a leader sends, all leaders together, at most 7. */
  readonly heartbeats: number
  /** Crashes, each with what was not synced lost and with a restart, at most 7. */
  readonly crashes: number
  /** Writes are durable only when a step of their own says so; otherwise at once. */
  readonly unsynced: boolean
  /** Messages that arrive although a copy of them stays in flight, at most 7. */
  readonly duplicates: number
  /** Messages that are lost, beyond those that are merely never delivered, at most 7. */
  readonly losses: number
  /** Snapshots that servers take of their own, at most 7. */
  readonly snapshots: number
  /** Configuration changes that are asked for, at most 7. */
  readonly changes: number
  /** Leadership transfers that are asked for, at most 7. */
  readonly transfers: number
  /** Leaders that find themselves without a quorum and step down, at most 7. */
  readonly stepDowns: number
  /** PreVote before each election, as in production (Thesis §9.6). It guards liveness only, and doubles an election. */
  readonly preVote: boolean
  /** An empty entry at the start of each term, as in production (Paper §8). */
  readonly noop: boolean
}

/** Three servers, three terms, two entries: enough for Figure 8 without its empty entries. */
export const DEFAULT_BOUNDS: Bounds = {
  servers: 3,
  spares: 0,
  terms: 3,
  log: 2,
  messages: 4,
  perPair: 12,
  proposals: 2,
  values: 1,
  heartbeats: 1,
  crashes: 1,
  unsynced: false,
  duplicates: 0,
  losses: 0,
  snapshots: 0,
  changes: 0,
  transfers: 0,
  stepDowns: 0,
  preVote: false,
  noop: false,
}

/** Lowest and highest of each bound that is a number. */
export const LIMITS: { readonly [name: string]: readonly [number, number] } = {
  servers: [2, 5],
  spares: [0, 2],
  terms: [1, 10],
  log: [1, 6],
  messages: [1, 12],
  perPair: [1, 12],
  proposals: [0, 7],
  values: [1, 7],
  heartbeats: [0, 7],
  crashes: [0, 7],
  duplicates: [0, 7],
  losses: [0, 7],
  snapshots: [0, 7],
  changes: [0, 7],
  transfers: [0, 7],
  stepDowns: [0, 7],
}

/** Bounds that are worth a run of some minutes, by name: each with what it is for switched on and little else. */
export const PRESETS: { readonly [name: string]: Partial<Bounds> } = {
  elections: { terms: 3, log: 1, messages: 4, proposals: 0, heartbeats: 0, crashes: 1, preVote: true },
  replication: { terms: 3, log: 2, messages: 4, proposals: 2, heartbeats: 1, crashes: 0 },
  crashes: { terms: 2, log: 1, messages: 4, proposals: 1, heartbeats: 0, crashes: 1, unsynced: true },
  membership: {
    ...{ spares: 1, terms: 2, log: 4, messages: 4, proposals: 0, heartbeats: 0, crashes: 0 },
    ...{ changes: 1, noop: true },
  },
  snapshots: { terms: 2, log: 2, messages: 4, proposals: 2, heartbeats: 0, crashes: 1, snapshots: 1 },
}

/** Bounds of which some are given, the others as `DEFAULT_BOUNDS` has them. */
export function boundsOf(given: Partial<Bounds>): Bounds {
  return { ...DEFAULT_BOUNDS, ...given }
}

/** @returns what is wrong, in words, or null */
export function objectionTo(bounds: Bounds): string | null {
  for (const [name, [low, high]] of Object.entries(LIMITS)) {
    const value = bounds[name as keyof Bounds] as number
    if (!Number.isInteger(value) || value < low || value > high) {
      return `${name} is ${value}: give a whole number from ${low} to ${high}`
    }
  }
  const all = bounds.servers + bounds.spares
  return all > 5 ? `${bounds.servers} servers and ${bounds.spares} spares are ${all}: at most 5 together` : null
}

/** What the core is told. The clock's part is not left to these: see `clockless.ts`. */
export function coreOptions({ preVote, noop }: Bounds): Omit<Partial<RaftOptions>, 'id'> {
  return { preVote, noopAtTermStart: noop, retainEntries: 0 }
}

/** Every server there is, voters first. */
export function serverCount({ servers, spares }: Bounds): number {
  return servers + spares
}

/** s1, s2 … by place, counted from 0. */
export function nameOf(place: number): string {
  return `s${place + 1}`
}

/** Counted from 0. */
export function placeOf(name: string): number {
  return Number(name.slice(1)) - 1
}
