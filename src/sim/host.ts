/** A process on a machine, as far as the world around it is concerned: it lives, stands still, dies, comes back. */
import type { ScheduledEvent } from '../util/event-heap.ts'

/** What will happen, and to whom: a process that stands still gets it later, one that has died never. */
export interface Due extends ScheduledEvent {
  readonly host: Host | null
  /** The life that it is for; −1: whichever there is. */
  readonly life: number
  /** A timer of the process's own; what comes from outside is none. */
  readonly isTimer: boolean
}

export class Host {
  readonly name: string
  /** Counts its lives: what an earlier life has scheduled is not carried out. */
  life = 0
  /** False between a crash and the next start. */
  isUp = false
  /** What has come for it while it stands still; null when it does not. */
  heldBack: Due[] | null = null

  constructor(name: string) {
    this.name = name
  }

  get isPaused(): boolean {
    return this.heldBack !== null
  }

  /** A new life begins. */
  begin(): void {
    this.life++
    this.isUp = true
    this.heldBack = null
  }

  /** It is gone, with all that it had scheduled. */
  end(): void {
    this.life++
    this.isUp = false
    this.heldBack = null
  }
}
