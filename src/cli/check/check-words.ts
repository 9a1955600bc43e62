// What `quorate check` says of a report: a few lines for people, or one object for programs.

import { type Break, describeOperation, type Operation, type PartReport, type Report } from '../../check/index.ts'

/** What is known besides the report. */
export interface CheckFacts {
  readonly history: string
  readonly model: string
  readonly events: number
  /** Of the check alone, without reading. */
  readonly ms: number
  /** The file with the picture; null when there is none. */
  readonly picture: string | null
}

const MAX_BREAKS = 5
const LIMITS = { time: 'the time limit', steps: 'the limit of steps', memory: 'the limit of memory' } as const

/** The verdict with its counts, then what breaks, what remained unknown, and where the picture is. */
export function describeReport(report: Report, facts: CheckFacts): string[] {
  const { verdict, operations, unknownOutcomes, parts } = report
  const keys = parts.length === 1 ? '' : ` of ${parts.length} keys`
  const lost = unknownOutcomes === 0 ? '' : `, ${unknownOutcomes} with an unknown outcome`
  const counts = `${operations} ${operations === 1 ? 'operation' : 'operations'}${keys}${lost}; model ${facts.model}; ${facts.ms.toFixed(facts.ms < 10 ? 1 : 0)} ms`
  const headline = verdict === 'not' ? 'not linearizable' : verdict
  return [`${headline}: ${counts}`, ...breakLines(report), ...unknownLines(report), ...pictureLines(facts)]
}

function breakLines({ parts }: Report): string[] {
  const broken = parts.filter((part) => part.break !== null)
  const lines = broken.slice(0, MAX_BREAKS).flatMap((part) => describeBreak(part, part.break as Break))
  return broken.length <= MAX_BREAKS ? lines : [...lines, `and ${broken.length - MAX_BREAKS} more keys`]
}

function describeBreak({ key }: PartReport, { operation, order, completed, isFirst }: Break): string[] {
  const where = `${key === undefined ? '' : `key ${JSON.stringify(key)}: `}no order explains ${describeOperation(operation)}`
  const last = order.at(-1)
  return [
    `${where}, of process ${operation.process}, lines ${operation.invoked} to ${operation.completed}${isFirst ? '' : ' (or something earlier)'}`,
    `  the ${completed} completions before it have an order${last === undefined ? '' : `, which ends with ${describeOperation(last)}`}`,
  ]
}

function unknownLines({ parts, exhausted }: Report): string[] {
  const unknown = parts.filter(({ verdict }) => verdict === 'unknown')
  if (exhausted === null) return []
  const names = unknown.slice(0, MAX_BREAKS).map(({ key }) => JSON.stringify(key))
  const which =
    unknown[0]?.key === undefined
      ? 'it'
      : unknown.length === 1
        ? `key ${names[0]}`
        : `${unknown.length} keys, such as ${names.join(', ')},`
  return [`${LIMITS[exhausted]} was reached before ${which} had a verdict`]
}

function pictureLines({ picture }: CheckFacts): string[] {
  return picture === null ? [] : [`picture: ${picture}`]
}

/** For programs: the fields are described in docs/guide/check.md. */
export function reportAsJson(report: Report, { history, model, events, ms, picture }: CheckFacts): object {
  const { verdict, exhausted, operations, unknownOutcomes, steps, parts } = report
  const named = (wanted: PartReport['verdict']): unknown[] =>
    parts.filter((part) => part.verdict === wanted).map(({ key }) => key ?? null)
  return {
    ...{ history, model, verdict, exhausted, events, operations, unknownOutcomes },
    keys: parts.length,
    unknownKeys: named('unknown'),
    breaks: parts.flatMap(({ key, break: found }) => (found === null ? [] : [breakAsJson(key, found)])),
    ...{ steps, ms: Math.round(ms * 1000) / 1000, picture },
  }
}

function breakAsJson(key: unknown, { operation, order, completed, isFirst }: Break): object {
  return {
    key: key ?? null,
    operation: operationAsJson(operation),
    completionsBefore: completed,
    isFirst,
    order: order.map(({ invoked }) => invoked),
  }
}

function operationAsJson({ process, f, key, value, result, invoked, completed }: Operation): object {
  const where = key === undefined ? {} : { key }
  return { process, f, ...where, value: value ?? null, result: result ?? null, line: invoked, completedLine: completed }
}
