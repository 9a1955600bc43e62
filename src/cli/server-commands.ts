// The commands of the key/value server, which come with the package @quorate/server. It uses this library, not the
// other way round: so it is looked for only when one of its commands is given.

import { UsageError } from './usage.ts'

export const SERVER_COMMANDS: ReadonlySet<string> = new Set(['serve', 'cluster', 'put', 'get', 'del', 'status'])

const PACKAGE: string = '@quorate/server'

interface ServerPackage {
  /** @returns the exit status */
  readonly runCommand?: (name: string, args: string[]) => Promise<number>
}

/** @throws UsageError when the package is not there, or is one without commands */
export async function serverCommand(name: string, args: readonly string[]): Promise<number> {
  const { runCommand } = await importServer(name)
  if (runCommand === undefined) throw new UsageError(`quorate ${name}: this version of ${PACKAGE} has no commands`)
  return runCommand(name, [...args])
}

async function importServer(name: string): Promise<ServerPackage> {
  try {
    return (await import(PACKAGE)) as ServerPackage
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code !== 'ERR_MODULE_NOT_FOUND') throw error
    throw new UsageError(
      message.includes(`'${PACKAGE}'`)
        ? `quorate ${name} comes with the package ${PACKAGE}: npm install ${PACKAGE}`
        : `quorate ${name}: ${PACKAGE} is not complete: ${message.split('\n')[0]}`,
    )
  }
}
