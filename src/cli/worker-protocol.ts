// What the command and its worker processes say to each other.

import type { RunSetting } from './lab-arguments.ts'
import type { RunReport } from './run-report.ts'

export type ToWorker =
  | { readonly kind: 'setting'; readonly setting: RunSetting }
  | { readonly kind: 'run'; readonly test: string; readonly seed: number }

export type FromWorker = { readonly kind: 'ready' } | { readonly kind: 'report'; readonly report: RunReport }
