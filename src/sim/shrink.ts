/**
 * Makes a plan that fails smaller, until nothing more can be taken away: fewer decisions (Zeller and Hildebrandt's
 * delta debugging), then shorter ones, then fewer clients and keys. It still fails by the same property; that it is the
 * very same bug, nobody can promise.
 */
import type { Decision, Plan, Settings } from './plan.ts'

/** The property that breaks when the plan is carried out; null when none does. */
export type Trial = (plan: Plan) => Promise<string | null>

/** What is looked for, and for how long. */
export interface ShrinkOptions {
  /** The property that broke at first. */
  readonly property: string
  readonly trial: Trial
  /** Ends the search: asked before each trial. */
  readonly isOver: () => boolean
  /** Told of each plan that is smaller and still fails. */
  readonly onSmaller?: (plan: Plan) => void
}

/** The smallest plan that was found; the one that was given when none is smaller. */
export async function shrink(plan: Plan, options: ShrinkOptions): Promise<Plan> {
  const shrinker = new Shrinker(plan, options)
  await shrinker.perform()
  return shrinker.best
}

class Shrinker {
  best: Plan
  private readonly options: ShrinkOptions

  constructor(plan: Plan, options: ShrinkOptions) {
    this.best = plan
    this.options = options
  }

  async perform(): Promise<void> {
    await this.cutEnd()
    for (;;) {
      const before = this.best
      await this.dropDecisions()
      await this.simplifySettings()
      await this.shorten()
      if (this.best === before || this.options.isOver()) return
    }
  }

  /** What comes after the moment at which it fails does not matter, so halves of the end go first. */
  private async cutEnd(): Promise<void> {
    let step = this.best.settings.durationMs / 2
    while (step >= 50) {
      const durationMs = Math.round(this.best.settings.durationMs - step)
      const decisions = this.best.decisions.filter(({ at }) => at < durationMs)
      if (!(await this.accept({ ...this.best, settings: { ...this.best.settings, durationMs }, decisions }))) step /= 2
    }
  }

  /** Delta debugging: without this piece of the list? Pieces become smaller until they are single decisions. */
  private async dropDecisions(): Promise<void> {
    let size = Math.ceil(this.best.decisions.length / 2)
    while (size >= 1) {
      let at = 0
      while (at < this.best.decisions.length) {
        const { decisions } = this.best
        const fewer = [...decisions.slice(0, at), ...decisions.slice(at + size)]
        if (!(await this.accept({ ...this.best, decisions: fewer }))) at += size
        if (this.options.isOver()) return
      }
      size = size === 1 ? 0 : Math.ceil(size / 2)
    }
  }

  private async simplifySettings(): Promise<void> {
    const simpler: Partial<Settings>[] = [
      { clients: 1 },
      { clients: 2 },
      { keys: 1 },
      { servers: 3 },
      { servers: 2 },
      { sessions: 0 },
      { reads: 0 },
      { valueBytes: 8 },
    ]
    for (const change of simpler) {
      const { settings } = this.best
      const isSmaller = Object.entries(change).every(([name, value]) => value < (settings[name as keyof Settings] ?? 0))
      if (isSmaller) await this.accept({ ...this.best, settings: { ...settings, ...change } })
    }
  }

  private async shorten(): Promise<void> {
    for (let place = 0; place < this.best.decisions.length; place++) {
      const decision = this.best.decisions[place] as Decision
      if (!('forMs' in decision) || decision.forMs <= 10) continue
      const decisions = this.best.decisions.with(place, { ...decision, forMs: Math.round(decision.forMs / 2) })
      await this.accept({ ...this.best, decisions })
    }
  }

  private async accept(plan: Plan): Promise<boolean> {
    const { property, trial, isOver, onSmaller } = this.options
    if (isOver() || (await trial(plan)) !== property) return false
    this.best = plan
    onSmaller?.(plan)
    return true
  }
}
