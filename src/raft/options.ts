/** The core's options, their defaults, and what they must keep to. */
import type { ServerId } from './entry.ts'
import { OptionsError } from './errors.ts'

/** The core's options. Times are in milliseconds, sizes in bytes of encoded entries (command plus 24). */
export interface RaftOptions {
  /** This server, by the name that it has in the configuration. */
  readonly id: ServerId
  /** A leader that has nothing to say says so this often. Default 50. */
  readonly heartbeatIntervalMs: number
  /**
   * A follower that hears no leader for a time drawn from [min, max] starts an election (Paper §5.2); within `min` it
   * refuses to vote against a leader that it hears (Thesis §4.2.3). min is at least two heartbeats; default 300 to 600.
   */
  readonly electionTimeoutMinMs: number
  readonly electionTimeoutMaxMs: number
  /** A larger proposal is refused. Default 1.5 MiB and a header. */
  readonly maxEntryBytes: number
  /** One AppendEntries carries at most this much, but always one entry. Default 1 MiB. */
  readonly maxAppendBytes: number
  /** On the way to one follower and unacknowledged. Small windows batch better. Defaults 8 messages, 4 MiB. */
  readonly maxInflightMessages: number
  readonly maxInflightBytes: number
  /** Proposed but not committed; above it proposals are refused. Default 64 MiB. */
  readonly maxUncommittedBytes: number
  /** Handed out to apply at once. Default 1 MiB. */
  readonly maxApplyBytes: number
  /** Entries kept in memory although they are on the disk: enough for a follower that is a little behind. Default 4 MiB. */
  readonly maxTailBytes: number
  /** Entries kept behind a snapshot, so that a follower that is a little late needs no snapshot. Default 10,000. */
  readonly retainEntries: number
  /** A snapshot of which nothing is heard for so long is sent again. Default 60,000. */
  readonly snapshotRetryMs: number
  /** A leader's first entry in its term is an empty one, which commits what came before (Paper §8). The lab forbids it. */
  readonly noopAtTermStart: boolean
  /**
   * Followers learn a new commitIndex with the next append; if none goes out for so long, they are told by an empty one.
   * 0: in the same turn. A few milliseconds save messages where commands come one by one. Default 0.
   */
  readonly commitPushDelayMs: number
  /** Hand out entries that are committed but not yet on this server's own disk: for a state machine in memory only. */
  readonly applyBeforeDurable: boolean
  /** Ask before raising the term (Thesis §9.6). Switched off for teaching only. */
  readonly preVote: boolean
  /** A leader that hears no quorum for 2 × electionTimeoutMinMs steps down (Thesis §6.2). Switched off for teaching only. */
  readonly checkQuorum: boolean
  /**
   * Leaders keep a lease, and reads that ask for it are served under it, without a round of messages (Thesis §6.4.1).
   * It rests on clocks that run alike, within a tenth; the same on every server. Default false.
   */
  readonly leaseReads: boolean
  /** Refuse to vote against a leader that is heard (Thesis §4.2.3). Switched off for teaching only. */
  readonly stickiness: boolean
  /**
   * A leader that has had nothing to do for so long goes to rest: its group sends no messages and needs no timers, until
   * somebody asks for something. At least one heartbeat; 0: never. With `leaseReads` nobody rests. Default 0.
   */
  readonly restAfterMs: number
  /**
   * A resting leader is heard this often all the same. One that dies at rest is missed after twice that, if no connection
   * breaks that would tell earlier. Whole milliseconds, from electionTimeoutMaxMs to a day. Default 10,000.
   */
  readonly restIntervalMs: number
}

const MAY_BE_ZERO: ReadonlySet<string> = new Set(['retainEntries', 'commitPushDelayMs', 'restAfterMs'])

/** A day. A follower waits for twice that, and a Node timer of more than 24 days would fire at once. */
export const MAX_REST_MS = 86_400_000

const MIB = 1024 * 1024

const DEFAULTS: Omit<RaftOptions, 'id'> = {
  heartbeatIntervalMs: 50,
  electionTimeoutMinMs: 300,
  electionTimeoutMaxMs: 600,
  maxEntryBytes: 1.5 * MIB + 64,
  maxAppendBytes: MIB,
  maxInflightMessages: 8,
  maxInflightBytes: 4 * MIB,
  maxUncommittedBytes: 64 * MIB,
  maxApplyBytes: MIB,
  maxTailBytes: 4 * MIB,
  retainEntries: 10_000,
  snapshotRetryMs: 60_000,
  noopAtTermStart: true,
  commitPushDelayMs: 0,
  applyBeforeDurable: false,
  preVote: true,
  checkQuorum: true,
  leaseReads: false,
  stickiness: true,
  restAfterMs: 0,
  restIntervalMs: 10_000,
}

/**
 * Fills in the defaults.
 *
 * @throws OptionsError when a value is out of range, or two contradict each other
 */
export function resolveOptions(options: Partial<RaftOptions> & { readonly id: ServerId }): RaftOptions {
  const resolved: RaftOptions = { ...DEFAULTS, ...options }
  if (resolved.id === '') throw new OptionsError('id is empty: name this server')
  for (const [name, value] of Object.entries(resolved)) {
    if (typeof value !== typeof (name === 'id' ? '' : DEFAULTS[name as keyof typeof DEFAULTS])) {
      throw new OptionsError(`${name} is ${value}: leave it out for the default`)
    }
    if (typeof value === 'number') checkNumber(name, value)
  }
  const { heartbeatIntervalMs, electionTimeoutMinMs, electionTimeoutMaxMs } = resolved
  if (electionTimeoutMinMs < 2 * heartbeatIntervalMs) {
    throw new OptionsError(
      `electionTimeoutMinMs ${electionTimeoutMinMs} is below two heartbeats of ${heartbeatIntervalMs} ms: ` +
        'one lost heartbeat would depose a healthy leader; raise it, or lower heartbeatIntervalMs',
    )
  }
  if (electionTimeoutMaxMs <= electionTimeoutMinMs) {
    throw new OptionsError(
      `electionTimeoutMaxMs ${electionTimeoutMaxMs} is not above electionTimeoutMinMs ${electionTimeoutMinMs}: ` +
        'without a range to draw from, servers campaign together and split the vote',
    )
  }
  if (resolved.leaseReads && !resolved.stickiness) {
    throw new OptionsError(
      "leaseReads without stickiness: a lease is the followers' promise not to vote; switch both on",
    )
  }
  if (resolved.maxUncommittedBytes < resolved.maxEntryBytes) {
    throw new OptionsError(
      `maxUncommittedBytes ${resolved.maxUncommittedBytes} is below maxEntryBytes ${resolved.maxEntryBytes}: ` +
        'the largest allowed proposal would always be refused',
    )
  }
  checkRest(resolved)
  return resolved
}

function checkRest({ heartbeatIntervalMs, electionTimeoutMaxMs, restAfterMs, restIntervalMs }: RaftOptions): void {
  if (restAfterMs > 0 && restAfterMs < heartbeatIntervalMs) {
    throw new OptionsError(
      `restAfterMs ${restAfterMs} is below one heartbeat of ${heartbeatIntervalMs} ms: the followers' answers could not ` +
        'come in time; raise it, or say 0 for never',
    )
  }
  if (restIntervalMs < electionTimeoutMaxMs) {
    throw new OptionsError(
      `restIntervalMs ${restIntervalMs} is below electionTimeoutMaxMs ${electionTimeoutMaxMs}: a leader at rest would be ` +
        'missed sooner than one that works; raise it',
    )
  }
  if (restIntervalMs > MAX_REST_MS || !Number.isInteger(restIntervalMs)) {
    throw new OptionsError(
      `restIntervalMs ${restIntervalMs} is not a whole number of at most ${MAX_REST_MS}: it travels in messages, and ` +
        'followers wait twice as long for a leader that died at rest',
    )
  }
}

function checkNumber(name: string, value: number): void {
  const lowest = MAY_BE_ZERO.has(name) ? 0 : Number.MIN_VALUE
  if (!(value >= lowest))
    throw new OptionsError(`${name} is ${value}: it must be ${lowest === 0 ? 'at least' : 'above'} 0`)
  if (!name.endsWith('Ms') && !Number.isInteger(value)) throw new OptionsError(`${name} is ${value}: it must be whole`)
}
