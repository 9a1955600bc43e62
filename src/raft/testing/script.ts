/**
 * Conversation scripts: text files in which several servers talk. A block is some commands, one a line, then `----`,
 * then what happened, up to an empty line. Lines that start with `#` tell the story. What was recorded is the assertion:
 * the script runs again, and the text must come out the same.
 *
 * ```
 * # The first election: nobody can be deposed, so nobody asks before.
 * servers 3
 * campaign s1
 * ----
 * s1 becomes candidate term=1
 * …
 * ```
 * A command that starts with `quiet` shows only news: roles, transfers, reads. The verbs are in `verbs.ts`.
 */
import { ScriptWorld, VERBS } from './verbs.ts'

const SEPARATOR = '----'

/** The script, with what happens now in place of what was recorded. */
export function runScript(text: string): string {
  const world = new ScriptWorld()
  const blocks = text.trimEnd().split(/\n\n+/)
  return `${blocks.map((block) => runBlock(world, block.split('\n'))).join('\n\n')}\n`
}

function runBlock(world: ScriptWorld, lines: readonly string[]): string {
  const end = lines.indexOf(SEPARATOR)
  const head = end < 0 ? lines : lines.slice(0, end)
  const commands = head.filter((line) => !line.startsWith('#'))
  if (commands.length === 0) return head.join('\n')
  for (const command of commands) runCommand(world, command)
  const trace = world.takeTrace()
  return [...head, SEPARATOR, ...(trace.length === 0 ? ['ok'] : trace)].join('\n')
}

function runCommand(world: ScriptWorld, line: string): void {
  const words = line.split(' ').filter((word) => word !== '')
  world.isQuiet = words[0] === 'quiet'
  if (world.isQuiet) words.shift()
  const [name = '', ...rest] = words
  const verb = VERBS[name]
  if (verb === undefined) throw new Error(`"${line}": no verb ${name}; there are ${Object.keys(VERBS).join(', ')}`)
  try {
    verb(world, rest)
  } catch (error) {
    if (error instanceof Error)
      error.message = `${error.message}\nin "${line}", after:\n${world.takeTrace().join('\n')}`
    throw error
  }
}
