// The two services of the tester, one reader of applyCh for each server. Both compare what arrives with what all other
// servers applied; the second also takes a snapshot after every tenth command, while Raft waits for it to read on.

import type { AppliedLog } from './applied-log.ts'
import type { ApplyMsg } from './apply-msg.ts'
import type { Channel } from './channel.ts'
import type { LabEvent } from './event.ts'
import { LabFailure } from './failure.ts'
import type { LabRaft } from './lab.ts'

const SNAPSHOT_INTERVAL = 10

/** One server and what its service is given. */
export interface AppliedServer {
  readonly server: number
  readonly raft: LabRaft
  readonly applyCh: Channel<ApplyMsg>
  readonly log: AppliedLog
  /** Where the service starts: the index of the snapshot that it was restored from, or 0. */
  readonly lastApplied: number
  readonly now: () => number
  readonly emit: (event: LabEvent) => void
}

/** Reads until the channel is closed. @throws LabFailure on an apply error */
export type Applier = (applied: AppliedServer) => Promise<void>

export const applier: Applier = async (applied) => {
  for await (const message of messages(applied.applyCh)) {
    if (message.commandValid) applyCommand(applied, message)
  }
}

export const applierSnap: Applier = async (applied) => {
  let { lastApplied } = applied
  for await (const message of messages(applied.applyCh)) {
    if (message.snapshotValid) {
      lastApplied = applySnapshot(applied, message) ?? lastApplied
    } else if (message.commandValid) {
      checkNext(applied.server, message.commandIndex, lastApplied)
      applyCommand(applied, message)
      lastApplied = message.commandIndex
      if ((lastApplied + 1) % SNAPSHOT_INTERVAL === 0) {
        applied.raft.snapshot(lastApplied, applied.log.encode(applied.server, lastApplied))
      }
    }
  }
}

async function* messages(applyCh: Channel<ApplyMsg>): AsyncGenerator<ApplyMsg> {
  for (let next = await applyCh.receive(); next.ok; next = await applyCh.receive()) yield next.value
}

function applyCommand({ server, log, now, emit }: AppliedServer, { commandIndex: index, command }: ApplyMsg): void {
  emit({ kind: 'apply', time: now(), server, index, command })
  log.record(server, index, command)
}

/** The index that the service stands at now, or null when the snapshot was not to be installed. */
function applySnapshot({ server, raft, log, now, emit }: AppliedServer, message: ApplyMsg): number | null {
  const { snapshotTerm, snapshotIndex: index, snapshot } = message
  emit({ kind: 'apply snapshot', time: now(), server, index, bytes: snapshot.length })
  if (!raft.condInstallSnapshot(snapshotTerm, index, snapshot)) return null
  return log.ingest(server, snapshot, index)
}

function checkNext(server: number, index: number, lastApplied: number): void {
  if (index === lastApplied + 1) return
  throw new LabFailure(`apply error: server ${server} applied index ${index}, expected ${lastApplied + 1}`)
}
