/** The core as a node wants it: with a node's own defaults, and for whoever looks on, a watched one. */
import type { RaftOptions } from '../raft/options.ts'
import { Raft } from '../raft/raft.ts'
import { applyBeforeDurable } from './durable-machine.ts'
import type { RaftNodeOptions } from './node-options.ts'
import type { StateMachine } from './state-machine.ts'

/**
 * Under load the next append carries the news of a commit: pushing it at once made two messages of each, and woke every
 * follower twice. The other default, `applyBeforeDurable`, hangs on the state machine: one in memory may be ahead of the
 * own disk.
 */
const NODE_DEFAULTS: Partial<RaftOptions> = { commitPushDelayMs: 3 }

/** @throws OptionsError */
export function makeRaft(options: RaftNodeOptions, machine: StateMachine): Raft {
  const { id, raft = {}, boot, random, clock } = options
  const early = applyBeforeDurable(machine, raft)
  const raftOptions = { ...NODE_DEFAULTS, ...raft, applyBeforeDurable: early, id }
  const make = options.makeRaft ?? ((...made) => new Raft(...made))
  return make(raftOptions, boot, random, clock.now())
}
