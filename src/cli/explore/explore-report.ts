// What `quorate explore` says: a line of progress while it runs, and a summary behind it.

import type { Bounds, Exploration, Figures } from '../../explore/index.ts'

/** How long it took. */
export interface Spent {
  readonly wallMs: number
  /** Of this process, user and system. */
  readonly cpuMs: number
}

/** `rate`: new states a second since the line before. */
export function progressLine(figures: Figures, rate: number, { wallMs }: Spent): string {
  const { depth, states, left, frontier, servers } = figures
  const parts = [
    `depth ${depth}`,
    `${grouped(states)} states`,
    `${grouped(rate)}/s`,
    `${grouped(left)} to go on this level, ${grouped(frontier)} on the next`,
    `${grouped(servers)} server states`,
    `${Math.round(wallMs / 1000)} s`,
  ]
  return parts.join(', ')
}

/** For people. */
export function summaryLines(bounds: Bounds, exploration: Exploration, spent: Spent): string[] {
  const { depth, states, generated, servers, messages, steps, left, frontier } = exploration
  const waiting = left + frontier
  return [
    endingLine(exploration),
    `${grouped(states)} distinct states, ${grouped(generated)} steps taken, depth ${depth}`,
    `${grouped(servers)} server states, ${grouped(messages)} messages, ${grouped(steps)} distinct steps of the core`,
    ...(waiting > 0 ? [`${grouped(waiting)} states wait`] : []),
    `${seconds(spent.wallMs)} s, ${seconds(spent.cpuMs)} s of CPU: ${grouped(rateOf(states, spent))} states a second of CPU`,
    `chance that a state was taken for another: ${chance(states)}`,
    boundsLine(bounds),
  ]
}

/** As one object. */
export function summaryObject(bounds: Bounds, exploration: Exploration, spent: Spent): object {
  const { violation, ...figures } = exploration
  const rate = rateOf(exploration.states, spent)
  return { ...figures, violation: violation?.detail ?? null, ...spent, statesPerCpuSecond: rate, bounds }
}

/** Bounds that are not zero, on one line. */
export function boundsLine(bounds: Bounds): string {
  const words = Object.entries(bounds)
    .filter(([, value]) => value !== 0 && value !== false)
    .map(([name, value]) => (value === true ? name : `${name}=${value}`))
  return `bounds: ${words.join(' ')}`
}

function endingLine({ ending, violation }: Exploration): string {
  switch (ending) {
    case 'exhausted':
      return 'exhausted: every state within the bounds was seen, and no property is broken'
    case 'violation':
      return `VIOLATION: ${violation?.detail ?? ''}`
    case 'states':
      return 'not exhausted: as many states as --max-states says, and no property is broken'
    case 'memory':
      return 'not exhausted: the table of states is full, and no property is broken; --memory says how large it may be'
    case 'stopped':
      return 'not exhausted: the time is up, and no property is broken'
  }
}

function rateOf(states: number, { cpuMs }: Spent): number {
  return Math.round((states / Math.max(cpuMs, 1)) * 1000)
}

/** Two of n states with one fingerprint of 63 bits. */
function chance(states: number): string {
  return (states ** 2 / 2 ** 64).toExponential(0)
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(1)
}

/** 1,234,567. */
function grouped(value: number): string {
  return String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, ',')
}
