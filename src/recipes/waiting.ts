/** Waiting for what the state machine of this server comes to hold, for any length of time. */
import { NodeError } from '../runtime/errors.ts'
import type { WaitOptions } from '../runtime/node-options.ts'
import type { RaftNode } from '../runtime/raft-node.ts'

const A_LONG_WHILE_MS = 3_600_000

/** As `node.waitFor`, but for ever when no time is given. @throws NodeError as `node.waitFor` */
export async function waitUntil(node: RaftNode, holds: () => boolean, options: WaitOptions): Promise<void> {
  if (options.timeoutMs !== undefined) {
    await node.waitFor(holds, options)
    return
  }
  while (!(await holdsInTime(node, holds, options))) {}
}

async function holdsInTime(node: RaftNode, holds: () => boolean, options: WaitOptions): Promise<boolean> {
  try {
    await node.waitFor(holds, { ...options, timeoutMs: A_LONG_WHILE_MS })
    return true
  } catch (error) {
    if (error instanceof NodeError && error.code === 'ERR_QUORATE_TIMEOUT') return false
    throw error
  }
}

/** True when it holds, false when the caller's signal fired first. @throws NodeError ERR_QUORATE_STOPPED */
export async function untilAborted(node: RaftNode, holds: () => boolean, options: WaitOptions): Promise<boolean> {
  try {
    await waitUntil(node, holds, options)
    return true
  } catch (error) {
    if (error instanceof NodeError && error.code === 'ERR_QUORATE_ABORTED') return false
    throw error
  }
}
