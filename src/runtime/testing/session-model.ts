/** Logs with sessions, drawn at random, and what must come of them: the rules without any thought of speed. */
import fc from 'fast-check'
import { utf8Decode } from '../../util/bytes.ts'
import type { SessionOperation } from '../sessions/session-entry.ts'
import { close, command, keepAlive, open, tick } from '../sessions/testing/words.ts'
import type { Line } from './lines.ts'

/** What happens in the log: drawn from few sessions and few serials, so that copies and clashes are the rule. */
const session = fc.integer({ min: 1, max: 5 })
const serial = fc.integer({ min: 1, max: 6 })
const operation: fc.Arbitrary<SessionOperation> = fc.oneof(
  { weight: 2, arbitrary: fc.integer({ min: 1000, max: 3000 }).map(open) },
  {
    weight: 8,
    arbitrary: fc.tuple(session, serial, serial).map(([id, number, other]) => {
      return command(id, number, Math.min(other - 1, number - 1), `${id}/${number}`)
    }),
  },
  { weight: 1, arbitrary: fc.tuple(session, serial).map(([id, number]) => keepAlive(id, number - 1)) },
  { weight: 1, arbitrary: session.map(close) },
  { weight: 1, arbitrary: fc.constant(tick) },
)
/** Time passes, or a new leader does not know it yet. */
export const history: fc.Arbitrary<(string | readonly [logTime: number, operation: SessionOperation])[]> = fc.array(
  fc.oneof(
    { weight: 1, arbitrary: fc.constant('plain') },
    { weight: 6, arbitrary: fc.tuple(fc.constantFrom(-1, 0, 0, 50, 400), operation) },
  ),
  { maxLength: 60 },
)

export function linesOf(drawn: readonly (string | readonly [number, SessionOperation])[]): Line[] {
  let time = 0
  const opened = [1000, 2000, 3000].map((ttlMs): Line => [0, open(ttlMs)])
  const others = drawn.map((one): Line => {
    if (typeof one === 'string') return one
    time += Math.max(one[0], 0)
    return [one[0] < 0 ? 0 : time, one[1]]
  })
  return [...opened, ...others]
}

interface ModelSession {
  readonly id: number
  readonly ttlMs: number
  activeAt: number
  completed: number
  readonly answers: Map<number, string>
}

/** The rules, one entry at a time, without any thought of speed. @returns the journal and what everybody is told */
export function model(lines: readonly Line[]): { readonly journal: string[]; readonly told: string[] } {
  const written: string[] = []
  let sessions: ModelSession[] = []
  let time = 0
  const end = (isEnded: (one: ModelSession) => boolean): void => {
    written.push(...sessions.filter(isEnded).map(({ id }) => `session ${id} closed`))
    sessions = sessions.filter((one) => !isEnded(one))
  }
  const told = lines.map((line, i) => {
    if (typeof line === 'string') return String(written.push(line))
    const [logTime, asked] = line
    time = Math.max(time, logTime)
    const closing = asked.type === 'close' ? asked.session : 0
    end(({ id, activeAt, ttlMs }) => time > activeAt + ttlMs || id === closing)
    if (asked.type === 'open') {
      sessions.push({ id: i + 1, ttlMs: asked.ttlMs, activeAt: time, completed: 0, answers: new Map() })
    }
    if (asked.type !== 'command' && asked.type !== 'keepAlive') return 'done'
    const one = sessions.find(({ id }) => id === asked.session)
    if (one === undefined) return 'SESSION_EXPIRED no'
    one.activeAt = time
    one.completed = Math.max(one.completed, asked.completed)
    if (asked.type === 'keepAlive') return 'done'
    if (asked.serial <= one.completed) return 'OUTCOME_UNKNOWN unknown'
    const answer = one.answers.get(asked.serial) ?? String(written.push(utf8Decode(asked.command) ?? ''))
    one.answers.set(asked.serial, answer)
    return answer
  })
  return { journal: written, told }
}
