// What our own Raft shows of itself after each of its steps, as events of a trace: only what differs from the step
// before. A server that restarts with the log that it had says nothing new about it.

import { Raft } from '../../raft/index.ts'
import type { TraceRecorder } from '../../trace/index.ts'

type State = ReturnType<Raft['inspect']>

/** What was last said of one server. */
interface Said {
  core: Raft
  role: string
  commit: number
  applied: number
  durable: number
  base: number
  /** By index, from `base` + 1 on. */
  terms: number[]
}

export class CoreSteps {
  private readonly said = new Map<number, Said>()
  private readonly nameOf: (server: number) => string

  constructor(nameOf: (server: number) => string) {
    this.nameOf = nameOf
  }

  /** What this step of a server has changed, to be recorded now or later; null when nothing of it is shown. */
  changes(server: number, core: unknown, at: number): ((recorder: TraceRecorder) => void) | null {
    if (!(core instanceof Raft)) return null
    const state = core.inspect()
    const name = this.nameOf(server)
    const said = this.lastSaid(server, core)
    const found = [
      this.role(name, said, state, at),
      compaction(name, said, state, at),
      ...logChanges(name, said, state, at),
      index('durable', name, said, state.log.durableIndex, at),
      index('commit', name, said, state.commitIndex, at),
      index('applied', name, said, state.lastApplied, at),
    ].filter((one) => one !== null)
    if (found.length === 0) return null
    return (recorder) => {
      for (const one of found) one(recorder)
    }
  }

  private lastSaid(server: number, core: Raft): Said {
    const before = this.said.get(server)
    if (before?.core === core) return before
    const base = before?.base ?? 0
    const kept = { base, terms: before?.terms ?? [], durable: before?.durable ?? 0 }
    const said = { core, role: '', commit: base, applied: base, ...kept }
    this.said.set(server, said)
    return said
  }

  private role(name: string, said: Said, state: State, at: number): Change | null {
    const { role, currentTerm, leaderId, votedFor } = state
    const now = `${role} ${currentTerm} ${leaderId} ${votedFor}`
    if (said.role === now) return null
    said.role = now
    const [leader, vote] = [leaderId, votedFor].map((id) => (id === null ? null : this.nameOf(Number(id))))
    return (recorder) => recorder.role(at, name, role, currentTerm, leader ?? null, vote ?? null)
  }
}

type Change = (recorder: TraceRecorder) => void

function compaction(name: string, said: Said, { log }: State, at: number): Change | null {
  const { baseIndex, baseTerm } = log
  if (said.base === baseIndex) return null
  const dropped = baseIndex - said.base
  // A snapshot from the leader replaces a log that it contradicts.
  const isContradicted = said.terms.length >= dropped && said.terms[dropped - 1] !== baseTerm
  said.terms = isContradicted ? [] : said.terms.slice(dropped)
  const from = said.base + 1
  said.base = baseIndex
  said.durable = Math.max(isContradicted ? 0 : said.durable, baseIndex)
  said.commit = Math.max(said.commit, baseIndex)
  return (recorder) => {
    if (isContradicted) recorder.truncate(at, name, from)
    recorder.compact(at, name, baseIndex, baseTerm)
  }
}

function logChanges(name: string, said: Said, { log }: State, at: number): Change[] {
  const { base, terms } = said
  const changes: Change[] = []
  // By Log Matching, the same term at an index means the same log up to there: walk back to the first agreement.
  let same = Math.min(terms.length, log.lastIndex - base)
  while (same > 0 && log.termAt(base + same) !== terms[same - 1]) same--
  if (same < terms.length) {
    changes.push((recorder) => recorder.truncate(at, name, base + same + 1))
    said.durable = Math.min(said.durable, base + same)
  }
  terms.length = same
  const added: number[] = []
  for (let next = base + same + 1; next <= log.lastIndex; next++) added.push(log.termAt(next) ?? 0)
  if (added.length > 0) changes.push((recorder) => recorder.append(at, name, base + same + 1, added))
  terms.push(...added)
  return changes
}

function index(
  what: 'durable' | 'commit' | 'applied',
  name: string,
  said: Said,
  now: number,
  at: number,
): Change | null {
  if (said[what] === now) return null
  said[what] = now
  if (what === 'durable') return (recorder) => recorder.durable(at, name, now)
  return what === 'commit' ? (recorder) => recorder.commit(at, name, now) : (recorder) => recorder.apply(at, name, now)
}
