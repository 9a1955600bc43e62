// Bugs to plant in the core for the length of a test.
import { vi } from 'vitest'
import { Raft } from '../../raft/raft.ts'

/** Whoever asks gets the vote, whoever has it already. @returns takes the bug away */
export function plantTwoVotes(): () => void {
  const { step } = Raft.prototype
  const plant = vi.spyOn(Raft.prototype, 'step').mockImplementation(function (this: Raft, message, now) {
    if (message.type === 'RequestVote') Object.assign(this.inspect(), { votedFor: null })
    step.call(this, message, now)
  })
  return () => plant.mockRestore()
}
