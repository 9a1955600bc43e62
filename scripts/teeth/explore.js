// One exploration in a copy of what was compiled.
import { runNode } from './children.js'

/** What an exploration that was ended by force has seen. */
const NOTHING = { states: 0, depth: 0, cpuMs: 0, violation: null }

/** @returns what `quorate explore --json` prints; when it prints nothing, its last words are the ending */
export async function explore(folder, bounds, minutes) {
  const args = ['dist/cli/main.js', 'explore', '--json', '--time', `${minutes}`, ...bounds.split(' ')]
  const { output, errors, isLate } = await runNode(args, { cwd: folder, limitMs: (Number(minutes) + 1) * 60_000 })
  try {
    return JSON.parse(output)
  } catch {
    const words = isLate ? 'a step without an end' : errors.trim().split('\n').at(-1)
    return { ...NOTHING, ending: words || 'no output' }
  }
}
