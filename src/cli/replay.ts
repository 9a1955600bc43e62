// The command that runs one run again.

import type { RunSetting } from './lab-arguments.ts'

/** For a shell in the folder in which the run was made: `setting.raft` is as the user gave it. */
export function replayCommand(test: string, seed: number, { clock, race, raft }: RunSetting): string {
  const words = ['npx quorate lab', `--run ${test}`, `--seed ${seed}`]
  if (clock === 'wall') words.push('--clock wall')
  if (race) words.push('--race')
  if (raft !== null) words.push(`--raft ${quote(raft)}`)
  return words.join(' ')
}

/** For a shell, should the word need it. */
function quote(word: string): string {
  return /^[\w./@:+-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`
}
