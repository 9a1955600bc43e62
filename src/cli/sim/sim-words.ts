// What `quorate sim` says.

import { type Plan, SITUATIONS } from '../../sim/index.ts'
import type { Campaign } from './campaign.ts'
import type { Outcome } from './perform.ts'
import type { SimArguments } from './sim-arguments.ts'

/** Situations that the list of those which never came about names. */
const MAX_NAMED = 8

/** One run. */
export function describeOutcome({
  seed,
  verdict,
  events,
  simulatedMs,
  hash,
  operations,
  elections,
  commits,
  wallMs,
}: Outcome): string[] {
  const { ok, fail, info } = operations
  return [
    `seed ${seed}: ${verdict === null ? 'nothing bad happened' : `${verdict.property} is broken at ${verdict.atMs.toFixed(1)} ms`}`,
    `  ${count(events)} events in ${(wallMs / 1000).toFixed(2)} s, ${(simulatedMs / 1000).toFixed(1)} s simulated, trace hash ${hash}`,
    `  ${elections} elections, ${commits} entries committed; clients: ${ok} done, ${fail} without effect, ${info} unknown`,
  ]
}

/** What will happen in it, a decision a line. */
export function describePlan({ settings, decisions }: Plan): string[] {
  const { servers, clients, keys, durationMs } = settings
  return [
    `${servers} servers, ${clients} clients, ${keys} keys, ${durationMs} ms`,
    ...decisions.map(({ at, kind, ...others }) => {
      const words = Object.entries(others).map(
        ([name, value]) => `${name} ${typeof value === 'object' ? JSON.stringify(value) : value}`,
      )
      return `at ${at} ms: ${kind} ${words.join(', ')}`.trimEnd()
    }),
  ]
}

/** For the line that is rewritten in place. */
export function progressOf(campaign: Campaign, { seeds }: SimArguments, seconds: number): string {
  const { runs, events } = campaign.totals
  const of = Number.isFinite(seeds) ? ` of ${seeds}` : ''
  const found = campaign.coverage.runs.size
  const failed = campaign.failures.length === 0 ? '' : `, ${campaign.failures.length} FAILED`
  return `${runs}${of} runs, ${count(Math.round(events / Math.max(seconds, 0.1)))} events/s, ${found} of ${SITUATIONS.length} situations${failed}`
}

/** What the campaign does not count. */
export interface CampaignFacts {
  readonly firstSeed: number
  readonly seconds: number
}

/** What many runs have come to. */
export function describeCampaign(campaign: Campaign, { firstSeed, seconds }: CampaignFacts): string[] {
  const { totals, histories, coverage, failures } = campaign
  const faults = [...campaign.faults].sort(([, one], [, two]) => two - one)
  const allFaults = faults.reduce((sum, [, times]) => sum + times, 0)
  const { missing } = coverage
  return [
    `${totals.runs} runs from seed ${firstSeed} (${totals.guided} of them changed plans), ${failures.length} failed, ${seconds.toFixed(1)} s`,
    `  ${count(totals.events)} events (${count(Math.round(totals.events / seconds))} a second), ${duration(totals.simulatedMs)} simulated`,
    `  ${count(totals.elections)} elections, ${count(totals.commits)} entries committed, ${count(totals.acknowledged)} operations answered`,
    `  ${count(totals.messages)} messages, ${count(totals.steps)} steps of the core held against the specification`,
    `  histories: ${histories.linearizable} linearizable, ${histories.unknown} too hard to tell`,
    `  ${count(allFaults)} faults: ${faults.map(([kind, times]) => `${kind} ${count(times)}`).join(', ')}`,
    `  ${coverage.runs.size} of ${SITUATIONS.length} situations came about, in ${count(coverage.size)} pairs`,
    ...(missing.length === 0
      ? []
      : [
          `  never: ${missing.slice(0, MAX_NAMED).join('; ')}${missing.length > MAX_NAMED ? ` and ${missing.length - MAX_NAMED} more` : ''}`,
        ]),
  ]
}

/** The same for programs. */
export function summaryOf(campaign: Campaign, facts: CampaignFacts): object {
  const { totals, histories, coverage, failures } = campaign
  return {
    ...facts,
    ...totals,
    histories,
    faults: Object.fromEntries(campaign.faults),
    situations: Object.fromEntries(SITUATIONS.map((situation) => [situation, coverage.runs.get(situation) ?? 0])),
    pairs: coverage.size,
    failures: failures.map(({ plan, outcome: { verdict }, isOfSeed }) => ({ seed: plan.seed, isOfSeed, ...verdict })),
  }
}

function count(value: number): string {
  return value.toLocaleString('en-US')
}

function duration(ms: number): string {
  const hours = ms / 3_600_000
  return hours < 48 ? `${hours.toFixed(1)} hours` : `${(hours / 24).toFixed(1)} days`
}
