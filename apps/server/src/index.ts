/** The server's commands, which the command line `quorate` hands over. */
import { ClientError } from './client.ts'
import { UsageError } from './errors.ts'

type Command = (args: readonly string[]) => Promise<number>

/** Loaded when it is called: `quorate get` in a shell script's loop would load a whole server each time. */
const COMMANDS: ReadonlyMap<string, () => Promise<Command>> = new Map([
  ['serve', async () => (await import('./serve.ts')).serve],
  ['cluster', async () => (await import('./cluster.ts')).cluster],
  ['put', async () => (await import('./client-commands.ts')).putCommand],
  ['get', async () => (await import('./client-commands.ts')).getCommand],
  ['del', async () => (await import('./client-commands.ts')).delCommand],
  ['status', async () => (await import('./client-commands.ts')).statusCommand],
])

/** @returns the exit status: 0 done, 1 failed, 2 called wrongly; why is on standard error */
export async function runCommand(name: string, args: readonly string[]): Promise<number> {
  try {
    const load = COMMANDS.get(name)
    if (load === undefined) throw new UsageError(`there is no such command: use ${[...COMMANDS.keys()].join(', ')}`)
    const command = await load()
    return await command(args)
  } catch (error) {
    if (!(error instanceof UsageError) && !(error instanceof ClientError)) throw error
    console.error(`quorate ${name}: ${error.message}`)
    return error instanceof UsageError ? 2 : 1
  }
}
