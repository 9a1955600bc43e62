/**
 * Scenes: decisions that belong together, because one of them alone seldom leads to anything. A plan has some of them or
 * none, beside its other decisions; each decision is one like any other, so that it can be taken away alone.
 */
import type { Random } from '../util/random.ts'
import type { Action, Decision, Settings } from './plan.ts'

/** Draws the actions of one moment. */
type Draw = (random: Random, settings: Settings, timeoutMs: number) => Action[]

/** In the order of their moments. */
export function drawScenes(random: Random, settings: Settings): Decision[] {
  const scenes = [drawCoups(random.split(), settings), drawBetrayals(random.split(), settings)]
  return scenes.flat().sort((one, other) => one.at - other.at)
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
  const draws: readonly Draw[] = leases ? [drawFall, drawFall, drawLag] : [drawFall, drawFall, drawRivals]
  for (let at = random.below(timeoutMs); at < durationMs; at += Math.ceil(timeoutMs * (0.3 + random.fraction()))) {
    if (random.chance(changes)) decisions.push({ at, ...drawChange(random, settings) })
    for (const action of random.pick(draws)(random, settings, timeoutMs)) decisions.push({ at, ...action })
  }
  return decisions
}

function drawFall(random: Random, _settings: Settings, timeoutMs: number): Action[] {
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
  return [fall]
}

/** Two clocks leap at one moment: both servers have waited too long for their leader, and campaign in the same term. */
function drawRivals(random: Random, { servers }: Settings, timeoutMs: number): Action[] {
  const first = random.between(1, servers)
  const second = 1 + (first % servers)
  return [first, second].map((server) => ({ kind: 'leap', server, ms: 2 * timeoutMs }))
}

/** Answers come when what they say is no longer so. */
function drawLag(random: Random, _settings: Settings, timeoutMs: number): Action[] {
  const maxMs = Math.ceil(timeoutMs * random.pick([0.5, 1, 1.5]))
  return [{ kind: 'delay', minMs: Math.floor(maxMs / 2), maxMs, forMs: 2 * timeoutMs }]
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

/** A disk does something wrong, for a moment, and then the power goes: what it has left comes to light. */
function drawBetrayals(random: Random, settings: Settings): Decision[] {
  const { durationMs, servers } = settings
  const decisions: Decision[] = []
  if (servers < 3 || !random.chance(0.2)) return decisions
  for (let at = random.below(500); at < durationMs; at += random.between(200, 1500)) {
    const server = random.between(1, servers)
    const wrong: Action = random.pick([
      { kind: 'breakDisk', server, operation: 'sync', forMs: random.pick([1, 2, 5]) },
      { kind: 'breakDisk', server, operation: 'sync', forMs: random.pick([1, 2, 5]) },
      { kind: 'fullDisk', server, forMs: random.pick([5, 50]) },
      { kind: 'rot', server, file: 'log', bits: 1 },
    ])
    decisions.push({ at, ...wrong })
    decisions.push({ at: at + random.pick([5, 30, 100]), kind: 'crash', server, how: 'power', forMs: 50 })
  }
  return decisions
}
