// Numbers as people type them.

import { UsageError } from './usage.ts'

/** @throws UsageError unless `text` is a whole number within the limits */
export function wholeNumber(option: string, text: string, min: number, max: number): number {
  const value = Number(text)
  if (/^\d+$/.test(text) && value >= min && value <= max) return value
  throw new UsageError(`--${option} ${text}: give a whole number from ${min} to ${max}`)
}
