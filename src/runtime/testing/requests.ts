/** Proposals and reads as the queues see them, with a note of what became of them. */
import type { Proposal } from '../requests/proposals.ts'
import type { Read } from '../requests/reads.ts'
import { RequestTally } from '../watch/counters.ts'

const PENDING = { settled: false, unhook: null }

/** `outcomes` gets the answer, or the error's code and whether the command may have been applied. */
export function proposalOf(command: string, outcomes: string[], options: Partial<Proposal> = {}): Proposal {
  return {
    command: new Uint8Array(command.length),
    kind: 'command',
    resolve: (answer) => void outcomes.push(`${command}: ${answer[0]}`),
    reject: ({ code, applied }) => void outcomes.push(`${command}: ${code.slice('ERR_QUORATE_'.length)} ${applied}`),
    expiresAt: 1000,
    isForwarded: false,
    tally: new RequestTally(),
    handedOver: false,
    index: 0,
    term: 0,
    ...PENDING,
    ...options,
  }
}

export function readOf(name: string, outcomes: string[], expiresAt = 1000): Read {
  return {
    serve: () => void outcomes.push(`${name}: served`),
    reject: ({ code }) => void outcomes.push(`${name}: ${code.slice('ERR_QUORATE_'.length)}`),
    expiresAt,
    ...PENDING,
  }
}
