// The lab's interface, in TypeScript: what a Raft under test is given, and what it must offer. Names are the lab's, in
// camelCase. Instances may talk to each other by RPC only; a value that is sent arrives as a copy.

import type { Clock } from '../util/clock.ts'
import type { Random } from '../util/random.ts'
import type { ApplyMsg, Command } from './apply-msg.ts'
import type { Channel } from './channel.ts'
import type { Topic } from './event.ts'
import type { Labgob } from './labgob.ts'
import type { Persister } from './persister.ts'

/** The sending end of a connection to one server (oneself included: such calls are counted too). */
export interface ClientEnd {
  /**
   * Calls a handler by name, such as 'Raft.AppendEntries'. Resolves to its reply, or to null when the call failed: the
   * request may or may not have been executed. A failed call may take up to seven seconds, so never wait for one call
   * before you make the next. Arguments and reply are copied through the encoder.
   *
   * The type argument is the caller's word for what the handler returns; nothing checks it.
   */
  call<Reply = unknown>(method: string, args: unknown): Promise<Reply | null>
}

/**
 * Handlers by the name under which others call them. Each gets a fresh copy of the arguments and returns the reply, or
 * a promise of it; a reply is never null or undefined.
 */
export type Handlers = Readonly<Record<string, (args: never) => unknown>>

/** The answer of `start`: where the command will stand if it commits, and whether this server leads at all. */
export interface StartResult {
  readonly index: number
  readonly term: number
  readonly isLeader: boolean
}

/** What `getState` answers. */
export interface RaftState {
  readonly term: number
  readonly isLeader: boolean
}

/** One server's Raft, as the tester holds it. */
export interface LabRaft {
  /** What other servers may call, for instance { 'Raft.RequestVote': (args) => … }. Read once, after `make` returned. */
  readonly handlers: Handlers
  /** Answers at once, before the command is committed; must be safe after `kill` too. */
  start(command: Command): StartResult
  getState(): RaftState
  /** The service holds everything up to and including `index` in `snapshot`: the log up to there may go. */
  snapshot(index: number, snapshot: Uint8Array): void
  /** A relic of earlier courses: answers true. */
  condInstallSnapshot(term: number, index: number, snapshot: Uint8Array): boolean
  /** Says that this instance is not needed any more; its loops look at `killed` and end. */
  kill(): void
  killed(): boolean
}

/** What surrounds one instance. All waiting and all chance must come from here, so that a seed repeats the run. */
export interface LabEnvironment {
  readonly clock: Clock
  /** Resolves `ms` milliseconds later on `clock`. */
  sleep(ms: number): Promise<void>
  /** This instance's own generator. */
  readonly random: Random
  /** Encodes and decodes, and warns of what would be lost on the way. */
  readonly labgob: Labgob
  /** Runs a loop in the background, as Go's `go` does: should it throw, the test fails and names this server. */
  go(loop: () => Promise<void>): void
  /** A line for the log viewer. Pass a function when the text costs something: it runs only if somebody listens. */
  log(topic: Topic, text: string | (() => string)): void
  /** When present, to be called after each step of the instance's core, for checks across servers. */
  readonly onStep: OnStep | undefined
}

/** Sees one server's core after each of its steps. What it throws fails the test. */
export type OnStep = (server: number, core: unknown) => void

/** Creates one server's Raft, restored from `persister`. Returns quickly; what it starts runs in the background. */
export type Make = (
  peers: readonly ClientEnd[],
  me: number,
  persister: Persister,
  applyCh: Channel<ApplyMsg>,
  env: LabEnvironment,
) => LabRaft
