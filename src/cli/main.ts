// The command line: the first word says what to do. Whoever calls it wrongly gets one line and exit status 2.

import { readFileSync } from 'node:fs'
import { checkCommand } from './check/check-command.ts'
import { exploreCommand } from './explore/explore-command.ts'
import { labCommand } from './lab-command.ts'
import { logCommand } from './log-command.ts'
import { recoverCommand } from './recover-command.ts'
import { SERVER_COMMANDS, serverCommand } from './server-commands.ts'
import { simCommand } from './sim/sim-command.ts'
import { MAIN_HELP, UsageError } from './usage.ts'

const CALLED_WRONGLY = 2

async function run([command, ...args]: readonly string[]): Promise<number> {
  switch (command) {
    case undefined:
    case 'help':
    case '--help':
    case '-h':
      console.log(MAIN_HELP)
      return 0
    case '--version':
      console.log(version())
      return 0
    case 'explore':
      return exploreCommand(args)
    case 'lab':
      return labCommand(args)
    case 'log':
      return logCommand(args)
    case 'check':
      return checkCommand(args)
    case 'sim':
      return simCommand(args)
    case 'recover':
      return recoverCommand(args)
    default:
      if (SERVER_COMMANDS.has(command)) return serverCommand(command, args)
      throw new UsageError(`quorate ${command}: there is no such command; quorate --help lists them`)
  }
}

function version(): string {
  const file = new URL('../../package.json', import.meta.url)
  return (JSON.parse(readFileSync(file, 'utf8')) as { readonly version: string }).version
}

async function main(): Promise<number> {
  try {
    return await run(process.argv.slice(2))
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    console.error(error.message)
    return CALLED_WRONGLY
  }
}

// Whoever reads our output may have seen enough: `quorate log … | head`.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0)
  throw error
})

const status = await main()
// Timers of code under test may still run, on the system's clock: they do not keep us once all is written.
process.stdout.write('', () => process.exit(status))
