// What a Raft hands to its service over applyCh. Flat, with both flags, because that is the lab's interface; a message
// with neither flag is ignored by the tester.

import { EMPTY } from '../util/bytes.ts'

/** Opaque to Raft. The tester proposes whole numbers and strings and compares them with `===`. */
export type Command = unknown

/** One committed command, or one snapshot that replaces everything up to its index. Exactly one flag is set. */
export interface ApplyMsg {
  readonly commandValid: boolean
  readonly command: Command
  /** The first command of a cluster has index 1. */
  readonly commandIndex: number
  readonly snapshotValid: boolean
  readonly snapshot: Uint8Array
  readonly snapshotTerm: number
  /** The last index that the snapshot covers; the next command must be one above. */
  readonly snapshotIndex: number
}

/** The message of one committed command. The tester wants every index once and in order, without a gap. */
export function commandMsg(commandIndex: number, command: Command): ApplyMsg {
  return {
    commandValid: true,
    command,
    commandIndex,
    snapshotValid: false,
    snapshot: EMPTY,
    snapshotTerm: 0,
    snapshotIndex: 0,
  }
}

/**
 * The message of a snapshot that takes the place of all commands up to `snapshotIndex`. The bytes are handed over with
 * it and must not be written into again.
 */
export function snapshotMsg(snapshotIndex: number, snapshotTerm: number, snapshot: Uint8Array): ApplyMsg {
  return {
    commandValid: false,
    command: null,
    commandIndex: 0,
    snapshotValid: true,
    snapshot,
    snapshotTerm,
    snapshotIndex,
  }
}
