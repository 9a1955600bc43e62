/** Bugs of sessions: commands that are applied once. */
import type { Mutation } from './mutation.ts'

export const SESSIONS: readonly Mutation[] = [
  {
    id: 'sessions-not-in-snapshot',
    title: 'the table of sessions is left out of the snapshot',
    file: 'src/runtime/replicated-state.ts',
    find: 'return chain(encodeSessions(this.table, this.answers), this.machine.snapshot()[Symbol.asyncIterator]())',
    replace:
      'return chain(encodeSessions(new SessionTable(), new KeptAnswers()), this.machine.snapshot()[Symbol.asyncIterator]())',
    source: 'Thesis §6.3: the table is a part of the replicated state; curvine#676',
  },
  {
    id: 'session-repeat-applied',
    title: 'a command that is sent again, to another leader, is applied again',
    file: 'src/runtime/sessions/session-table.ts',
    find: 'if (row.applied.has(serial)) return REPEAT',
    replace: '',
    source: 'Paper §8; xline#88',
  },
  {
    id: 'session-expires-by-own-clock',
    title: 'each server lets log time run on by its own clock between two entries',
    file: 'src/runtime/sessions/sessions.ts',
    find: "    if (role !== 'leader') return\n    if (!this.logClock",
    replace: `    const now = this.port.clock.now()
    const logTime = Math.floor(this.table.logTime + now - (this.heardAt ?? now))
    this.heardAt = now
    this.table.admit({ logTime, operation: { type: 'tick' } }, index)
    if (role !== 'leader') return
    if (!this.logClock`,
    source: 'Thesis §6.3: servers must agree on which sessions have expired, so their clocks must not decide it',
  },
]
