/**
 * Having one's turn, at a lock or in an election. Each turn has a session of its own, so that leaving is one thing,
 * however it comes about: the session is closed, or expires, and the cluster gives the turn to the next.
 */
import type { RequestOptions } from '../runtime/node-options.ts'
import type { RaftNode } from '../runtime/raft-node.ts'
import type { Session } from '../runtime/sessions/session.ts'
import { command, decodeAnswer, encodeCommand, type RecipeCommand } from './command.ts'
import { RecipeError } from './errors.ts'
import type { RecipeStateMachine } from './recipe-state-machine.ts'
import type { Turn, TurnKind } from './turns.ts'
import { waitUntil } from './waiting.ts'

export interface TurnOptions {
  /**
   * The lease: so long after its holder was last heard of, the turn goes to the next. 1,000 ms to a day, default 10,000.
   * Time without a leader does not count.
   */
  readonly ttlMs?: number
}

const DEFAULT_TTL_MS = 10_000

/** What is held, until it is released or lost. */
export class Hold {
  /** Larger than every token before. Send it along with the work, and let who receives it refuse smaller ones. */
  readonly token: number
  /**
   * Resolves when it is no longer surely held: released, the node stopped, or the cluster not heard of for `ttlMs`. By
   * then nobody else has it. A process that was suspended learns of it late: that is what the token is for.
   */
  readonly lost: Promise<void>
  private readonly session: Session

  constructor(session: Session, token: number) {
    this.session = session
    this.token = token
    this.lost = session.lapsed()
  }

  /** Whether it is surely held at this moment. Unlike `lost` it needs no turn of the event loop to be right. */
  get isHeld(): boolean {
    return this.session.isHeld
  }

  /** Lets the next have it. @throws NodeError when no leader could be told in time; it then ends with the lease */
  release(options: RequestOptions = {}): Promise<void> {
    return this.session.close(options)
  }

  /** What could not be released ends with the lease. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.session[Symbol.asyncDispose]()
  }
}

/** What is wanted, and how it is asked for. */
export interface TurnRequest {
  readonly kind: TurnKind
  readonly name: string
  readonly ttlMs: number | undefined
  readonly value?: Uint8Array
  readonly onlyIfFree?: boolean
}

/** A turn that has come. */
export interface TakenTurn {
  readonly session: Session
  readonly token: number
}

/**
 * Stands in the queue until the turn comes. Whatever goes wrong, nothing is left behind that outlives the lease.
 *
 * @returns null when it is held by another and `onlyIfFree` was said
 * @throws NodeError, RecipeError
 */
export async function takeTurn(
  node: RaftNode,
  machine: RecipeStateMachine,
  request: TurnRequest,
  options: RequestOptions,
): Promise<TakenTurn | null> {
  const session = await node.openSession({ ...options, ttlMs: request.ttlMs ?? DEFAULT_TTL_MS })
  try {
    const token = await standInQueue(node, machine, session, request, options)
    if (token !== null) return { session, token }
    await session[Symbol.asyncDispose]()
    return null
  } catch (error) {
    void session[Symbol.asyncDispose]()
    throw error
  }
}

async function standInQueue(
  node: RaftNode,
  machine: RecipeStateMachine,
  session: Session,
  { kind, name, value, onlyIfFree }: TurnRequest,
  options: RequestOptions,
): Promise<number | null> {
  const type: RecipeCommand['type'] = kind === 'lock' ? 'joinLock' : 'joinElection'
  const fields = { ...(value === undefined ? {} : { value }), onlyIfFree: onlyIfFree ?? false }
  const answer = decodeAnswer(await session.propose(encodeCommand(command(type, name, fields)), options))
  if (answer.type === 'conflict') return null
  if (answer.type === 'refused')
    throw new RecipeError('ERR_QUORATE_RECIPE_REFUSED', `${kind} ${name}: ${answer.reason}`)
  const ours = (): Turn | null => {
    const holder = machine.holder(kind, name)
    return holder?.session === session.id && session.isHeld ? holder : null
  }
  // A session that has lapsed may come back, and with it our place in the queue; one that has ended does not.
  await waitUntil(node, () => session.hasEnded || ours() !== null, options)
  const turn = ours()
  if (turn !== null) return turn.token
  throw new RecipeError('ERR_QUORATE_TURN_LOST', `${kind} ${name}: session ${session.id} ended in the queue; ask again`)
}
