/**
 * From a seed to a plan. Each seed picks its own mix: which kinds of faults there are at all, how often and how bad, how
 * many servers and clients, which options (Groce et al., Swarm Testing, ISSTA 2012). A run in which everything goes wrong
 * at once never gets anywhere interesting.
 */
import { Random } from '../util/random.ts'
import { drawScenes } from './draw-scenes.ts'
import type { Action, CrashKind, CrashTrap, Decision, Plan, Settings, Target } from './plan.ts'

/** Draws one decision of its kind. */
type Draw = (random: Random, settings: Settings) => Action

/** Kinds that go together are in a mix together, or not at all. */
const MIXES: { readonly [name: string]: readonly Draw[] } = {
  partitions: [drawPartition, drawIsolation, drawIsolation],
  partial: [drawBridge, drawCutLink, drawCutLink, drawFlap],
  delays: [drawDelay, drawSlowLink],
  unruly: [drawUnruly],
  connections: [drawHangUp, drawCutFrames, drawCorruption],
  crashes: [drawCrash, drawCrash, drawCrash, drawCrashAll],
  traps: [drawCrashAt],
  stops: [drawStop],
  pauses: [drawPause],
  clocks: [drawDrift, drawLeap],
  slowness: [drawSlowApply, drawSlowDisk],
  disks: [drawFullDisk, drawBrokenDisk],
  damage: [drawRot, drawMisdirection, drawEmptyDisk],
  members: [drawAdd, drawAdd, drawRemove, drawDemote, drawPromote, drawReplacement],
  transfers: [drawTransfer, drawTransfer],
  snapshots: [drawSnapshot],
  releases: [drawUpgrade],
}

/** Larger than any value that clients write. */
const MAX_ENTRY_BYTES = 8000

export function drawPlan(seed: number): Plan {
  const random = new Random(seed)
  const pace = random.pick([1, 1, 1, 1, 5, 20])
  const drawn = drawSettings(random.split(), pace)
  const mix = drawMix(random.split())
  const single = drawDecisions(random.split(), mix, drawn, pace)
  const { decisions, settings } = drawScenes(random.split(), drawn)
  return { seed, settings, decisions: [...single, ...decisions].sort((one, other) => one.at - other.at) }
}

/** @param pace how many times slower all goes than in one room: time-outs, clients, troubles; not networks and disks */
function drawSettings(random: Random, pace: number): Settings {
  const electionTimeoutMinMs = random.pick([100, 150, 300]) * pace
  const restAfterMs = (random.chance(0.15) ? random.pick([100, 400]) : 0) * pace
  return {
    servers: random.pick([1, 2, 3, 3, 3, 3, 3, 4, 5, 5, 5, 7]),
    clients: random.between(1, 8),
    keys: random.pick([1, 2, 3, 5, 10]),
    thinkMs: 5 * 2 ** random.below(6) * pace,
    patienceMs: random.pick([100, 300, 1000, 3000]) * pace,
    sessions: random.pick([0, 0.3, 0.5, 1]),
    reads: random.pick([0, 0.2, 0.5, 0.8]),
    durationMs: (random.chance(0.05) ? 30_000 : random.between(2000, 6000)) * pace,
    raft: {
      electionTimeoutMinMs,
      electionTimeoutMaxMs: electionTimeoutMinMs * 2,
      heartbeatIntervalMs: random.pick([20, 40, 50]) * pace,
      retainEntries: random.pick([0, 5, 50, 1000]),
      maxEntryBytes: MAX_ENTRY_BYTES,
      maxAppendBytes: random.pick([200, 2000, 2 ** 20]),
      maxInflightBytes: random.pick([MAX_ENTRY_BYTES, 2 ** 22]),
      maxUncommittedBytes: random.pick([MAX_ENTRY_BYTES, 2 ** 26]),
      maxInflightMessages: random.pick([1, 2, 8]),
      maxApplyBytes: random.pick([200, 2 ** 20]),
      maxTailBytes: random.pick([2000, 2 ** 20]),
      snapshotRetryMs: random.pick([500, 3000]) * pace,
      commitPushDelayMs: random.pick([0, 3]),
      leaseReads: random.chance(0.25),
      restAfterMs,
      restIntervalMs: 2000 * pace,
    },
    maxQueuedBytes: random.pick([2 * MAX_ENTRY_BYTES, 2 ** 26]),
    snapshotEveryBytes: random.pick([1000, 5000, 50_000, 2 ** 20]),
    firstSegmentBytes: random.pick([16, 32, 64]) * 1024,
    minDelayMs: 0.2,
    maxDelayMs: random.pick([0.5, 1, 5, 20]),
    minSyncMs: 0.1,
    maxSyncMs: random.pick([0.2, 1, 5]),
    valueBytes: random.pick([8, 40, 40, 200, 200, 5000]),
    sessionTtlMs: random.pick([1000, 5000]) * pace,
  }
}

/** Each kind of trouble is in it or not, as a coin falls. */
function drawMix(random: Random): Draw[] {
  return Object.values(MIXES).flatMap((draws) => (random.chance(0.35) ? draws : []))
}

function drawDecisions(random: Random, mix: readonly Draw[], settings: Settings, pace: number): Decision[] {
  const decisions: Decision[] = []
  if (mix.length === 0) return decisions
  const gapMs = 25 * 2 ** random.below(6) * pace
  for (let at = random.below(gapMs); at < settings.durationMs; at += 1 + random.below(2 * gapMs)) {
    decisions.push({ at, ...slowedDown(random.pick(mix)(random, settings), pace) })
  }
  return decisions
}

function slowedDown(action: Action, pace: number): Action {
  return 'forMs' in action ? { ...action, forMs: action.forMs * pace } : action
}

// ── The network ─────────────────────────────────────────────────────────────────────────────────────────────────────

function drawIsolation(random: Random, settings: Settings): Action {
  const [hears, isHeard] = random.pick([
    [false, false],
    [false, false],
    [true, false],
    [false, true],
  ] as const)
  return { kind: 'isolate', server: target(random, settings), hears, isHeard, forMs: span(random) }
}

function drawPartition(random: Random, { servers }: Settings): Action {
  return { kind: 'partition', side: side(random, servers), oneWay: random.chance(0.3), forMs: span(random) }
}

function drawBridge(random: Random, settings: Settings): Action {
  const { servers } = settings
  return { kind: 'bridge', server: someone(random, settings), side: side(random, servers), forMs: span(random) }
}

function drawCutLink(random: Random, settings: Settings): Action {
  return { kind: 'cutLink', from: someone(random, settings), to: someone(random, settings), forMs: span(random) }
}

function drawFlap(random: Random, settings: Settings): Action {
  const [from, to] = [someone(random, settings), someone(random, settings)]
  return { kind: 'flap', from, to, everyMs: random.pick([20, 100, 400]), forMs: span(random) }
}

function drawDelay(random: Random): Action {
  const maxMs = random.pick([10, 50, 200, 800])
  return { kind: 'delay', minMs: random.below(maxMs), maxMs, forMs: span(random) }
}

function drawSlowLink(random: Random, settings: Settings): Action {
  const [from, to] = [someone(random, settings), someone(random, settings)]
  return { kind: 'slowLink', from, to, bytesPerMs: random.pick([1, 10, 100]), forMs: span(random) }
}

function drawUnruly(random: Random): Action {
  const chance = (): number => random.pick([0, 0.02, 0.1, 0.3])
  return {
    kind: 'unruly',
    loss: chance(),
    copies: chance(),
    late: chance(),
    lateMs: random.pick([5, 50, 500, 2000]),
    forMs: span(random),
  }
}

function drawHangUp(random: Random, settings: Settings): Action {
  return { kind: 'hangUp', one: someone(random, settings), other: someone(random, settings) }
}

function drawCutFrames(random: Random): Action {
  return { kind: 'cutFrames', chance: random.pick([0.01, 0.05, 0.2]), forMs: span(random) }
}

function drawCorruption(random: Random): Action {
  return { kind: 'corruptBytes', chance: random.pick([0.01, 0.05]), forMs: span(random) }
}

// ── Servers ─────────────────────────────────────────────────────────────────────────────────────────────────────────

function drawCrash(random: Random, settings: Settings): Action {
  return { kind: 'crash', server: target(random, settings), how: crashKind(random), forMs: span(random) }
}

function drawCrashAt(random: Random, settings: Settings): Action {
  const trap: CrashTrap = {
    operation: random.pick(['write', 'sync', 'sync', 'rename', 'remove', 'syncFolder', 'resize']),
    prefix: random.pick(['', 'log-', 'snapshot-']),
    moment: random.pick(['before', 'after']),
  }
  return { kind: 'crashAt', server: target(random, settings), how: crashKind(random), trap, forMs: span(random) }
}

function drawCrashAll(random: Random): Action {
  return { kind: 'crashAll', how: crashKind(random), forMs: span(random) }
}

function drawStop(random: Random, settings: Settings): Action {
  return { kind: 'stop', server: target(random, settings), forMs: span(random) }
}

function drawPause(random: Random, settings: Settings): Action {
  return { kind: 'pause', server: target(random, settings), forMs: random.pick([5, 30, 100, 400, 1500]) }
}

function drawDrift(random: Random, settings: Settings): Action {
  return {
    kind: 'drift',
    server: someone(random, settings),
    rate: random.pick([0.96, 0.98, 1.02, 1.04]),
    forMs: span(random),
  }
}

/** A lease rests on clocks that run alike (Thesis §6.4.1): where there are leases, nobody's leaps. */
function drawLeap(random: Random, settings: Settings): Action {
  if (settings.raft.leaseReads === true) return drawDrift(random, settings)
  return { kind: 'leap', server: someone(random, settings), ms: random.pick([10, 100, 1000, 60_000]) }
}

function drawSlowApply(random: Random, settings: Settings): Action {
  return { kind: 'slowApply', server: someone(random, settings), ms: random.pick([2, 20, 100]), forMs: span(random) }
}

function drawUpgrade(random: Random, settings: Settings): Action {
  return { kind: 'upgrade', server: someone(random, settings), release: random.below(3) }
}

// ── Disks ───────────────────────────────────────────────────────────────────────────────────────────────────────────

function drawSlowDisk(random: Random, settings: Settings): Action {
  return {
    kind: 'slowDisk',
    server: target(random, settings),
    ms: random.pick([10, 50, 300, 2000]),
    forMs: span(random),
  }
}

function drawFullDisk(random: Random, settings: Settings): Action {
  return { kind: 'fullDisk', server: target(random, settings), forMs: span(random) }
}

function drawBrokenDisk(random: Random, settings: Settings): Action {
  const operation = random.pick(['sync', 'sync', 'write', 'read', 'rename', 'open'] as const)
  return { kind: 'breakDisk', server: target(random, settings), operation, forMs: random.pick([1, 50, 500]) }
}

function drawRot(random: Random, settings: Settings): Action {
  const file = random.pick(['log', 'snapshot', 'any'] as const)
  return { kind: 'rot', server: someone(random, settings), file, bits: random.pick([1, 1, 8]) }
}

function drawMisdirection(random: Random, settings: Settings): Action {
  return { kind: 'misdirect', server: someone(random, settings), file: random.pick(['log', 'snapshot', 'any']) }
}

function drawEmptyDisk(random: Random, settings: Settings): Action {
  return { kind: 'emptyDisk', server: someone(random, settings) }
}

// ── Operators ───────────────────────────────────────────────────────────────────────────────────────────────────────

function drawTransfer(random: Random, settings: Settings): Action {
  return { kind: 'transfer', to: someone(random, settings) }
}

function drawSnapshot(random: Random, settings: Settings): Action {
  return { kind: 'snapshot', server: target(random, settings) }
}

function drawAdd(random: Random): Action {
  return { kind: 'add', promote: random.chance(0.8) }
}

function drawRemove(random: Random, settings: Settings): Action {
  return { kind: 'remove', server: target(random, settings) }
}

function drawDemote(random: Random, settings: Settings): Action {
  return { kind: 'demote', server: target(random, settings) }
}

function drawPromote(random: Random, settings: Settings): Action {
  return { kind: 'promote', server: someone(random, settings) }
}

function drawReplacement(random: Random, { servers }: Settings): Action {
  return { kind: 'replaceVoters', voters: 1 + random.below(2 ** (servers + 2) - 1) }
}

// ── What they are made of ───────────────────────────────────────────────────────────────────────────────────────────

function target(random: Random, settings: Settings): Target {
  const chance = random.fraction()
  if (chance < 0.35) return 'leader'
  return chance < 0.5 ? 'follower' : someone(random, settings)
}

/** Founders, and some who may come later. */
function someone(random: Random, { servers }: Settings): number {
  return random.between(1, servers + (random.chance(0.2) ? 2 : 0))
}

/** Neither nobody nor everybody. */
function side(random: Random, servers: number): number {
  return servers < 2 ? 1 : 1 + random.below(2 ** servers - 2)
}

function crashKind(random: Random): CrashKind {
  return random.chance(0.7) ? 'power' : 'kill'
}

function span(random: Random): number {
  return random.pick([10, 50, 100, 200, 400, 800, 1600])
}
