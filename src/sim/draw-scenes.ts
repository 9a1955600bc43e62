/**
 * Scenes: decisions that belong together, because one of them alone seldom leads to anything. A plan has some of them or
 * none, beside its other decisions; each decision is one like any other, so that it can be taken away alone.
 */
import type { Random } from '../util/random.ts'
import type { Action, Decision, Settings } from './plan.ts'

/** Draws what happens, each so long after the scene begins. `timeoutMs` is the longest election time-out. */
type Draw = (random: Random, settings: Settings, timeoutMs: number) => Decision[]

/** What is to be played, and the settings in which it shows. */
export interface Scenes {
  readonly decisions: readonly Decision[]
  readonly settings: Settings
}

export function drawScenes(random: Random, settings: Settings): Scenes {
  const coups = drawCoups(random.split(), settings)
  const betrayals = drawBetrayals(random.split(), settings)
  const busy = coups.length === 0 ? settings : busier(settings)
  return { decisions: [...coups, ...betrayals], settings: betrayals.length === 0 ? busy : withSnapshots(busy) }
}

/** A leader's fall is of interest when entries are under way. */
function busier(settings: Settings): Settings {
  const { clients, thinkMs, reads, raft } = settings
  const quickMs = Math.ceil((raft.electionTimeoutMaxMs ?? 300) / 10)
  return {
    ...settings,
    clients: Math.max(clients, 4),
    thinkMs: Math.min(thinkMs, quickMs),
    reads: Math.min(reads, 0.2),
  }
}

/** A disk's faults are in its snapshots only when there are some. */
function withSnapshots(settings: Settings): Settings {
  return { ...settings, snapshotEveryBytes: Math.min(settings.snapshotEveryBytes, 5000) }
}

/**
 * No leader is left alone for long. It is cut off, stands still, or its machine goes, with entries and perhaps a change of
 * members under way; before its successor has come far, that one falls as well; the first comes back when a third leads.
 * Logs part in this way as in Paper Figure 7, which single faults bring about in one plan of a hundred.
 */
function drawCoups(random: Random, settings: Settings): Decision[] {
  const { durationMs, servers, raft } = settings
  const leases = raft.leaseReads === true
  const decisions: Decision[] = []
  if (servers < 3 || !random.chance(leases ? 0.6 : 0.3)) return decisions
  const timeoutMs = raft.electionTimeoutMaxMs ?? 300
  const changes = random.chance(0.4) ? 0.5 : 0
  // A lease rests on clocks that run alike, so nobody's leaps where there are leases.
  const draws: readonly Draw[] = leases ? [drawFall, drawHeldAnswers] : [drawFall, drawFall, drawRivals]
  for (let at = random.below(timeoutMs); at < durationMs; at += Math.ceil(timeoutMs * (0.3 + random.fraction()))) {
    if (random.chance(changes)) decisions.push({ at, ...drawChange(random, settings) })
    for (const one of random.pick(draws)(random, settings, timeoutMs)) decisions.push({ ...one, at: at + one.at })
  }
  return decisions
}

function drawFall(random: Random, _settings: Settings, timeoutMs: number): Decision[] {
  const forMs = Math.ceil(timeoutMs * random.pick([0.7, 1.5, 3, 6]))
  const server = 'leader'
  const fall: Action = random.pick([
    { kind: 'isolate', server, hears: false, isHeard: false, forMs },
    { kind: 'isolate', server, hears: false, isHeard: false, forMs },
    { kind: 'isolate', server, hears: true, isHeard: false, forMs },
    { kind: 'pause', server, forMs },
    { kind: 'crash', server, how: 'power', forMs },
    { kind: 'crash', server, how: 'kill', forMs },
  ])
  return [{ at: 0, ...fall }]
}

/** Two clocks leap at one moment: both servers have waited too long for their leader, and campaign in the same term. */
function drawRivals(random: Random, { servers }: Settings, timeoutMs: number): Decision[] {
  const first = random.between(1, servers)
  const second = 1 + (first % servers)
  return [first, second].map((server) => ({ at: 0, kind: 'leap', server, ms: 2 * timeoutMs }))
}

/**
 * The leader is not heard any more, and hears late what the others said before: that they would not vote for a while. It
 * does not hear its successor.
 */
function drawHeldAnswers(random: Random, _settings: Settings, timeoutMs: number): Decision[] {
  const leader = { kind: 'isolate', server: 'leader' } as const
  const heldMs = Math.ceil(timeoutMs * random.pick([0.5, 0.6]))
  return [
    { at: 0, ...leader, hears: false, isHeard: true, forMs: heldMs },
    { at: 60, ...leader, hears: true, isHeard: false, forMs: heldMs },
    { at: heldMs + 20, ...leader, hears: false, isHeard: false, forMs: 2 * timeoutMs },
  ]
}

function drawChange(random: Random, { servers }: Settings): Action {
  const server = random.between(1, servers)
  return random.pick<Action>([
    { kind: 'replaceVoters', voters: 1 + random.below(2 ** servers - 1) },
    { kind: 'replaceVoters', voters: 1 + random.below(2 ** servers - 1) },
    { kind: 'demote', server },
    { kind: 'promote', server },
    { kind: 'remove', server },
    { kind: 'add', promote: true },
  ])
}

/** Disks do something wrong, each time the same, and then the power goes: what was left comes to light. */
function drawBetrayals(random: Random, settings: Settings): Decision[] {
  const { durationMs, servers, raft } = settings
  const decisions: Decision[] = []
  if (servers < 3 || !random.chance(0.25)) return decisions
  const draw = random.pick([drawLostSync, drawLostSync, drawNoRoom, drawRottenLog, drawRottenSnapshot])
  const timeoutMs = raft.electionTimeoutMaxMs ?? 300
  for (let at = random.below(timeoutMs); at < durationMs; at += random.between(timeoutMs, 3 * timeoutMs)) {
    const server = random.between(1, servers)
    const wrong = draw(server)
    // What has rotted must be read before something newer takes its place.
    const then = wrong.kind === 'rot' ? 1 : random.pick([30, 100, 300])
    decisions.push({ at, ...wrong }, { at: at + then, kind: 'crash', server, how: 'power', forMs: 50 })
  }
  return decisions
}

function drawLostSync(server: number): Action {
  return { kind: 'breakDisk', server, operation: 'sync', once: true, forMs: 200 }
}

function drawNoRoom(server: number): Action {
  return { kind: 'fullDisk', server, forMs: 20 }
}

function drawRottenLog(server: number): Action {
  return { kind: 'rot', server, file: 'log', bits: 1 }
}

function drawRottenSnapshot(server: number): Action {
  return { kind: 'rot', server, file: 'snapshot', bits: 1 }
}
