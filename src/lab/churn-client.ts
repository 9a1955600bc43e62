// The client of the churn tests: proposes on every live server, as one would who does not know the leader, and
// remembers what it saw committed.

import type { LabConfig } from './config.ts'

const POLLS_MS = [10, 20, 50, 100, 200]

/**
 * What one turn takes at least. A leader that was cut off accepts at an index that the others have long committed; the
 * client then tries again at once, and on the virtual clock would do so for ever at the same instant.
 */
const TURN_MS = 0.05

/** The commands that were committed where this client was told they would be. */
export async function clientLoop(
  config: LabConfig,
  client: number,
  stop: { readonly now: boolean },
): Promise<number[]> {
  const seen: number[] = []
  while (!stop.now) {
    const command = config.randomCommand()
    const index = startOnAll(config, command)
    if (index === null) await config.sleep(79 + client * 17)
    else if (await isCommitted(config, index, command)) seen.push(command)
    await config.sleep(TURN_MS)
  }
  return seen
}

/** The index that the last server to accept gave, or null when none did. */
function startOnAll(config: LabConfig, command: number): number | null {
  let index: number | null = null
  for (const server of config.all()) {
    const start = config.start(server, command)
    if (start.isLeader) index = start.index
  }
  return index
}

/** Waits for something to be committed at this index, but not for ever. */
async function isCommitted(config: LabConfig, index: number, command: number): Promise<boolean> {
  for (const pauseMs of POLLS_MS) {
    const committed = config.nCommitted(index)
    if (committed.servers > 0) return committed.command === command
    await config.sleep(pauseMs)
  }
  return false
}
