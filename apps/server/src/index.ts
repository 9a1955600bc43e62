/** The server's commands, which the command line `quorate` hands over. */
import { ClientError } from './client.ts'
import { delCommand, getCommand, putCommand, statusCommand } from './client-commands.ts'
import { cluster } from './cluster.ts'
import { UsageError } from './errors.ts'
import { serve } from './serve.ts'

const COMMANDS: ReadonlyMap<string, (args: readonly string[]) => Promise<number>> = new Map([
  ['serve', serve],
  ['cluster', cluster],
  ['put', putCommand],
  ['get', getCommand],
  ['del', delCommand],
  ['status', statusCommand],
])

/** @returns the exit status: 0 done, 1 failed, 2 called wrongly; why is on standard error */
export async function runCommand(name: string, args: readonly string[]): Promise<number> {
  try {
    const command = COMMANDS.get(name)
    if (command === undefined) throw new UsageError(`there is no such command: use ${[...COMMANDS.keys()].join(', ')}`)
    return await command(args)
  } catch (error) {
    if (!(error instanceof UsageError) && !(error instanceof ClientError)) throw error
    console.error(`quorate ${name}: ${error.message}`)
    return error instanceof UsageError ? 2 : 1
  }
}
