/**
 * What a node demands of a state machine that keeps its state on a disk: an index that is one, a log that reaches as far,
 * and never an entry that the log could still lose.
 */
import type { Index } from '../raft/entry.ts'
import { OptionsError } from '../raft/errors.ts'
import type { RaftOptions } from '../raft/options.ts'
import type { StateMachine } from './state-machine.ts'

/**
 * Up to where a machine holds the log when its server starts; 0 for one in memory.
 *
 * @param lastIndex where the log on this server's disk ends
 * @throws OptionsError when the machine says no index, or one that the log does not reach
 */
export function startingIndex(machine: StateMachine, lastIndex: Index): Index {
  const held = machine.appliedIndex
  if (held === undefined) return 0
  if (!Number.isSafeInteger(held) || held < 0) {
    throw new OptionsError(`the state machine's appliedIndex is ${held}: it must be a whole number, 0 when it is empty`)
  }
  if (held <= lastIndex) return held
  // A log from a backup has forgotten votes and acknowledgements, too: it must not take part again.
  throw new OptionsError(
    `the state machine has applied entry ${held}, and the log in this server's folder ends with ${lastIndex}: the folder ` +
      'is older than the state machine, or not its own. Put back the folder that belongs to it; if that is lost, let ' +
      'a new server with empty ones take its place',
  )
}

/** @throws Error when a durable machine has not stored the index of the snapshot that it was given */
export function requireRestored(machine: StateMachine, index: Index): void {
  const held = machine.appliedIndex
  if (held === undefined || held === index) return
  throw new Error(
    `the state machine was given a snapshot of entry ${index}, and its appliedIndex is ${held}: store the index that ` +
      '`restore` is given together with the state',
  )
}

/**
 * A durable machine must not be ahead of this server's own disk. Entry 9 is committed by the two others and applied here,
 * then the power goes; the log ends with 8, and the machine has a 9 that, with one more disk lost, may become another.
 *
 * @throws OptionsError when the options ask for it all the same
 */
export function applyBeforeDurable(
  machine: StateMachine,
  { applyBeforeDurable: asked }: Partial<RaftOptions>,
): boolean {
  const isDurable = machine.appliedIndex !== undefined
  if (isDurable && asked === true) {
    throw new OptionsError(
      'raft.applyBeforeDurable is true, and the state machine has an appliedIndex: on its disk it would be ahead of the ' +
        'log after a crash. Leave the option out',
    )
  }
  return asked ?? !isDurable
}
