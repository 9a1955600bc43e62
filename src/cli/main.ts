// The command line: the first word says what to do. Whoever calls it wrongly gets one line and exit status 2.
//
// A command is loaded when it is called. All of them together took a quarter of a second of processor time at each start,
// also at that of a server, which needs none of them.

import { readFileSync } from 'node:fs'
import { SERVER_COMMANDS, serverCommand } from './server-commands.ts'
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
      return (await import('./explore/explore-command.ts')).exploreCommand(args)
    case 'lab':
      return (await import('./lab-command.ts')).labCommand(args)
    case 'log':
      return (await import('./log-command.ts')).logCommand(args)
    case 'check':
      return (await import('./check/check-command.ts')).checkCommand(args)
    case 'sim':
      return (await import('./sim/sim-command.ts')).simCommand(args)
    case 'recover':
      return (await import('./recover-command.ts')).recoverCommand(args)
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
