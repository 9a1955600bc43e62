// Clients with sessions, for runs in which everything happens.
import { expect } from 'vitest'
import type { NodeError } from '../../src/runtime/errors.ts'
import type { Session } from '../../src/runtime/sessions/session.ts'
import { utf8Decode, utf8Encode } from '../../src/util/bytes.ts'
import type { Random } from '../../src/util/random.ts'
import type { Cluster } from './cluster.ts'

/** What the clients were told. */
export interface Told {
  /** Line to the place that its answer named. */
  readonly acknowledged: Map<string, number>
  /** Certainly not applied. */
  readonly refused: Set<string>
  unknown: number
}

async function say(session: Session, line: string, timeoutMs: number): Promise<string | NodeError> {
  return session.propose(utf8Encode(line), { timeoutMs }).then(
    (answer) => utf8Decode(answer) ?? '',
    (error: NodeError) => error,
  )
}

/**
 * Writes each line until it is answered. When its server goes, it takes its session up on another one and says the
 * same under the same number. Its session lives long enough, so every line is there in the end, once.
 */
export class StubbornClient {
  private readonly cluster: Cluster
  private readonly name: string
  private readonly random: Random
  private readonly answers = new Map<string, number>()
  private session: Session | null = null
  /** Where to go on when the session's server is gone; null before there is a session. */
  private place: { readonly id: number; readonly serial: number } | null = null

  constructor(cluster: Cluster, name: string, random: Random) {
    this.cluster = cluster
    this.name = name
    this.random = random
  }

  async work(told: Told, endAt: number): Promise<void> {
    for (let i = 1; this.cluster.clock.now() < endAt; i++) {
      const line = `${this.name}: ${i}`
      const place = await this.write(line)
      told.acknowledged.set(line, place)
      this.answers.set(line, place)
      await pause(this.cluster, this.random.between(0, 40))
    }
  }

  /** Every line once, where its answer said. */
  check(lines: readonly string[]): void {
    const own = lines.filter((line) => line.startsWith(this.name))
    expect([...own].sort()).toEqual([...this.answers.keys()].sort())
    for (const [line, place] of this.answers) expect(lines[place - 1]).toBe(line)
  }

  private async write(line: string): Promise<number> {
    for (;;) {
      const session = await this.current()
      const serial = session.nextSerial
      const outcome = await say(session, line, 120_000)
      if (typeof outcome === 'string') return Number(outcome)
      if (outcome.code === 'ERR_QUORATE_STOPPED') {
        this.session = null
        this.place = { id: session.id, serial }
      } else if (outcome.applied === 'unknown') {
        throw outcome
      }
      await pause(this.cluster, 20)
    }
  }

  private async current(): Promise<Session> {
    while (this.session === null) {
      const up = this.cluster.ids.filter((id) => this.cluster.isUp(id))
      if (up.length > 0) {
        const node = this.cluster.node(this.random.pick(up))
        const { place } = this
        const session =
          place === null
            ? node.openSession({ ttlMs: 300_000, timeoutMs: 800 })
            : node.resumeSession(place.id, place.serial, { timeoutMs: 800 })
        this.session = await session.catch((error: NodeError) => {
          if (/OPTIONS|EXPIRED/.test(error.code)) throw error
          return null
        })
      }
      if (this.session === null) await pause(this.cluster, 50)
    }
    return this.session
  }
}

/** Has sessions that are soon lost, and little patience. What it is told must be true all the same. */
export async function hasty(cluster: Cluster, name: string, told: Told, random: Random, endAt: number): Promise<void> {
  let session: Session | null = null
  for (let i = 1; cluster.clock.now() < endAt; i++) {
    const up = cluster.ids.filter((id) => cluster.isUp(id))
    if (session === null && up.length > 0) {
      const opening = cluster.node(random.pick(up)).openSession({ ttlMs: 1000, timeoutMs: 800 })
      session = await opening.catch(() => null)
    }
    if (session !== null) {
      const line = `${name}: ${i}`
      const outcome = await say(session, line, random.pick([30, 300, 2000]))
      if (typeof outcome === 'string') told.acknowledged.set(line, Number(outcome))
      else if (outcome.applied === 'no') told.refused.add(line)
      else told.unknown++
      if (typeof outcome !== 'string' && /EXPIRED|STOPPED/.test(outcome.code)) session = null
    }
    await pause(cluster, random.between(0, 40))
  }
}

function pause(cluster: Cluster, delayMs: number): Promise<void> {
  return new Promise((resolve) => void cluster.clock.schedule(delayMs, resolve))
}
