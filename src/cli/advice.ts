// A word for somebody whose Raft is not there yet: what a failed run shows about what is missing.

import type { RunReport } from './run-report.ts'

interface Advice {
  readonly fits: (report: RunReport) => boolean
  readonly words: string
}

/** The first one that fits is given. */
const ADVICE: readonly Advice[] = [
  {
    fits: ({ peers, rpcs }) => peers > 0 && rpcs === 0,
    words:
      'no server made a single call. Begin with an election: when nothing was heard from a leader for a random time ' +
      "(env.random.between, env.sleep), ask every peer for its vote: peers[i].call('Raft.RequestVote', args)",
  },
  {
    fits: ({ failure }) => failure?.message.includes('has no handler') === true,
    words: "what one server calls, every server must serve: handlers = { 'Raft.RequestVote': (args) => reply, … }",
  },
  {
    fits: ({ failure }) => failure?.message.includes('one leader, saw none') === true,
    words:
      'there were calls, but no server came to lead. Look at the votes with --log VOTE,TERM,LEAD: are they granted ' +
      'once a term, and does a majority make a leader that sends heartbeats at once?',
  },
  {
    fits: ({ part, commits }) => !part.endsWith('A') && commits === 0,
    words:
      'nothing was applied. A command that a majority holds is sent on applyCh: applyCh.send(commandMsg(index, command))',
  },
]

/** Null when we cannot tell more than the failure does. */
export function adviceFor(report: RunReport): string | null {
  return ADVICE.find(({ fits }) => fits(report))?.words ?? null
}

/** Where the learner's path speaks of this part, or of races. */
export function chapterOf(report: RunReport): string {
  const isRace = report.failure?.message.startsWith('race:') === true
  return `docs/guide/lab.md, "${isRace ? 'Races' : `Part 2${report.part.slice(1)}`}"`
}
