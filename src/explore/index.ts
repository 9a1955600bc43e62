/**
 * All states that the core can reach within bounds, one after the other: a proof for small clusters, where tests are
 * samples. `quorate explore` is its command. Not one of the package's faces: what it promises may change at any time.
 */
export { type Bounds, boundsOf, DEFAULT_BOUNDS, LIMITS, objectionTo, PRESETS } from './bounds.ts'
export {
  type Ending,
  type Exploration,
  Explorer,
  type ExplorerSettings,
  type Figures,
  type Violation,
} from './explorer.ts'
export { type FrontierStore, MemoryFrontierStore } from './frontier-store.ts'
export type { LocalInput, LocalServer } from './local-server.ts'
export { type Happening, tellPath } from './path.ts'
export { scriptOf } from './script.ts'
export { specJudge } from './spec-judge.ts'
export type { LocalStep, StepJudge } from './transitions.ts'
