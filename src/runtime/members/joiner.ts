/**
 * A server that is no member yet asks to become one: any member will do, it passes the question on to the leader. Asks
 * until it is in; what can never succeed ends the node, with the leader's words.
 */
import { type Configuration, membersOf } from '../../raft/configuration.ts'
import type { ServerId } from '../../raft/entry.ts'
import type { Raft } from '../../raft/raft.ts'
import type { Transport } from '../../transport/transport.ts'
import type { Cancel, Clock } from '../../util/clock.ts'
import { NodeError } from '../errors.ts'
import type { Logger } from '../logger.ts'
import type { JoinOptions, RaftNodeOptions } from '../node-options.ts'
import { decodeChangeOutcome, encodeChange } from './change-codec.ts'

const ATTEMPT_TIMEOUT_MS = 2000
const PAUSE_MS = 250

/** Null for a server that belongs to a cluster already, or did so once. */
export function joinerFor(
  raft: Raft,
  { id, join, transport, clock }: Pick<RaftNodeOptions, 'id' | 'join' | 'transport' | 'clock'>,
  logger: Logger,
  onRefused: (error: NodeError) => void,
): Joiner | null {
  const { configurations, commitIndex } = raft.inspect()
  const committed = configurations.at(commitIndex)
  if (join === undefined || committed.retired.includes(id) || membersOf(committed).includes(id)) return null
  return new Joiner(id, join, { transport, clock, logger }, onRefused)
}

export class Joiner {
  private readonly id: ServerId
  private readonly join: JoinOptions
  private readonly transport: Transport
  private readonly clock: Clock
  private readonly logger: Logger
  private readonly onRefused: (error: NodeError) => void
  private next = 0
  private over = false
  private pause: Cancel | null = null

  /** @param onRefused there is no hope: this server is not wanted under this name */
  constructor(
    id: ServerId,
    join: JoinOptions,
    ports: { readonly transport: Transport; readonly clock: Clock; readonly logger: Logger },
    onRefused: (error: NodeError) => void,
  ) {
    this.id = id
    this.join = join
    this.transport = ports.transport
    this.clock = ports.clock
    this.logger = ports.logger
    this.onRefused = onRefused
  }

  start(): void {
    this.transport.setPeers(this.join.members)
    this.logger.info('asks to join the cluster', { members: Object.keys(this.join.members).join(', ') })
    this.ask()
  }

  /**
   * These are the members, for good. Not before that: a leader that had lost its office and did not know it once took a
   * server in; nobody else ever heard of it, and the server, which had seen itself in the log, asked nobody again.
   */
  noteMembers(configuration: Configuration): void {
    if (membersOf(configuration).includes(this.id)) this.stop()
  }

  /** The node stops, or has no more to ask. */
  stop(): void {
    this.over = true
    this.pause?.()
  }

  private ask(): void {
    if (this.over) return
    const { members, address, incarnation, promote = true } = this.join
    const asked = Object.keys(members)
    const member = asked[this.next++ % asked.length] as ServerId
    const change = { type: 'addLearner', id: this.id, address, incarnation, promote } as const
    const body = encodeChange({ isJoin: true, timeoutMs: ATTEMPT_TIMEOUT_MS, change })
    this.transport.request(member, body, ATTEMPT_TIMEOUT_MS).then(
      (answer) => this.answered(member, answer),
      () => this.askLater(),
    )
  }

  private answered(member: ServerId, answer: Uint8Array): void {
    const outcome = decodeChangeOutcome(answer)
    if (this.over || !(outcome instanceof NodeError)) return
    if (outcome.code !== 'ERR_QUORATE_CHANGE_REFUSED') {
      this.askLater()
      return
    }
    this.stop()
    this.onRefused(new NodeError(outcome.code, `${member} refuses ${this.id}: ${outcome.message}`, 'no'))
  }

  private askLater(): void {
    if (this.over) return
    this.pause = this.clock.schedule(PAUSE_MS, () => this.ask())
  }
}
