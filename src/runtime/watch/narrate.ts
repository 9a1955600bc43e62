/** The events that nobody may be listening to and everybody should hear of: in the operator's log, too. */
import type { OperationEvents, SlowPeerEvent, StallEvent } from '../events.ts'
import type { Logger } from '../logger.ts'

/** Snapshots and a full disk are told of where they happen. */
export function narrate<Name extends keyof OperationEvents>(
  logger: Logger,
  name: Name,
  event: OperationEvents[Name],
): void {
  if (name === 'slowPeer') narratePeer(logger, event as SlowPeerEvent)
  if (name === 'stall') narrateStall(logger, event as StallEvent)
}

function narratePeer(logger: Logger, { peer, slow, behindEntries, lagMs, silentMs }: SlowPeerEvent): void {
  const fields = { peer, behindEntries, lagMs: Math.round(lagMs), silentMs: Math.round(silentMs) }
  if (slow) logger.warn(`${peer} does not keep up`, fields)
  else logger.info(`${peer} keeps up again`, fields)
}

const WORDS = { loop: 'the event loop', disk: 'a write to the log', apply: 'apply' } as const

function narrateStall(logger: Logger, { cause, durationMs, over }: StallEvent): void {
  const words = over ? 'took too long' : 'takes too long'
  logger.warn(`${WORDS[cause]} ${words}`, { cause, durationMs: Math.round(durationMs) })
}
