/** A small map that is the same on every server, for settings and for who does what. All of it is in memory. */
import type { ReadOptions, RequestOptions } from '../runtime/node-options.ts'
import type { AbortSignalLike } from '../runtime/pending.ts'
import type { RaftNode } from '../runtime/raft-node.ts'
import { utf8Encode } from '../util/bytes.ts'
import { command, decodeAnswer, encodeCommand, type RecipeAnswer, type RecipeCommand } from './command.ts'
import { RecipeError } from './errors.ts'
import type { MapChange, MapEntry } from './maps.ts'
import type { RecipeStateMachine } from './recipe-state-machine.ts'
import { untilAborted } from './waiting.ts'

/** Whatever sends commands: the node, or a session of it, whose retries are applied once. */
export interface Proposer {
  propose(command: Uint8Array, options?: RequestOptions): Promise<Uint8Array>
}

/** The whole map at one moment. */
export interface MapContent {
  readonly entries: readonly MapEntry[]
  /** `watch({ after: revision })` goes on from here. */
  readonly revision: number
}

/** Which changes are wanted, and until when. */
export interface WatchOptions {
  /** The changes behind this revision; by default those from now on. */
  readonly after?: number
  /** Only keys that begin so. */
  readonly prefix?: string
  readonly signal?: AbortSignalLike
}

export class ReplicatedMap {
  readonly name: string
  private readonly node: RaftNode
  private readonly machine: RecipeStateMachine
  private readonly proposer: Proposer

  /**
   * @param machine the one that the node was started with
   * @param proposer a session of the node for changes that are retried and yet made once; by default the node itself,
   *   whose errors say `applied: 'unknown'` when a leader was lost in between
   */
  constructor(node: RaftNode, machine: RecipeStateMachine, name: string, proposer: Proposer = node) {
    this.node = node
    this.machine = machine
    this.name = name
    this.proposer = proposer
  }

  /** Sees everything that was acknowledged before this call. @throws NodeError */
  get(key: string, options: ReadOptions = {}): Promise<MapEntry | null> {
    return this.node.read(() => this.machine.get(this.name, key), options)
  }

  /** What this server has applied so far, at once. It may be old. */
  getLocal(key: string): MapEntry | null {
    return this.machine.get(this.name, key)
  }

  /** The whole map, and the revision to watch from. @throws NodeError */
  entries(options: ReadOptions = {}): Promise<MapContent> {
    const { machine, name } = this
    return this.node.read(() => ({ entries: machine.entries(name), revision: machine.revision }), options)
  }

  /** @returns the entry's revision @throws NodeError, RecipeError */
  async set(key: string, value: Uint8Array | string, options: RequestOptions = {}): Promise<number> {
    return (await this.change('set', { key, value: bytesOf(value) }, options)).revision
  }

  /** @returns false when the key was not there @throws NodeError, RecipeError */
  async delete(key: string, options: RequestOptions = {}): Promise<boolean> {
    return (await this.change('delete', { key }, options)).revision > 0
  }

  /**
   * Sets the key if its revision is the one expected, 0 for a key that is not there.
   *
   * @returns the new revision; null when it was another, and nothing changed
   * @throws NodeError, RecipeError
   */
  async compareAndSet(
    key: string,
    expectedRevision: number,
    value: Uint8Array | string,
    options: RequestOptions = {},
  ): Promise<number | null> {
    const answer = await this.change('compareAndSet', { key, expectedRevision, value: bytesOf(value) }, options)
    return answer.type === 'conflict' ? null : answer.revision
  }

  /**
   * Every change, once and in order, as this server learns of it. The server remembers the last 4,096 changes of all its
   * maps, 16 MiB at most: a reader that falls further behind, or whose server caught up from a snapshot, gets
   * ERR_QUORATE_WATCH_BEHIND, and begins anew with `entries`. Ends when the signal fires.
   *
   * @throws RecipeError; NodeError ERR_QUORATE_STOPPED when the node stops
   */
  watch({ after, ...options }: WatchOptions = {}): AsyncGenerator<MapChange, void> {
    return this.changes(after ?? this.machine.revision, options)
  }

  private async *changes(after: number, { prefix = '', signal }: WatchOptions): AsyncGenerator<MapChange, void> {
    let seen = after
    const waiting = signal === undefined ? {} : { signal }
    while (await untilAborted(this.node, () => this.machine.revision > seen, waiting)) {
      const changes = this.machine.changesAfter(this.name, seen)
      seen = this.machine.revision
      for (const change of changes) {
        if (signal?.aborted) return
        if (change.key.startsWith(prefix)) yield change
      }
    }
  }

  private async change(
    type: RecipeCommand['type'],
    fields: Partial<RecipeCommand>,
    options: RequestOptions,
  ): Promise<RecipeAnswer> {
    const bytes = encodeCommand(command(type, this.name, fields))
    const answer = decodeAnswer(await this.proposer.propose(bytes, options))
    if (answer.type !== 'refused') return answer
    throw new RecipeError('ERR_QUORATE_RECIPE_REFUSED', `${type} in map ${this.name}: ${answer.reason}`)
  }
}

function bytesOf(value: Uint8Array | string): Uint8Array {
  return typeof value === 'string' ? utf8Encode(value) : value
}
