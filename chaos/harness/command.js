// Programs of the system.
import { spawnSync } from 'node:child_process'

/** @throws Error with what it said, when it fails */
export function run(command, ...args) {
  const { status, error, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8' })
  if (status === 0) return stdout
  throw new Error(`${command} ${args.join(' ')}: ${error?.message ?? stderr.trim()}`)
}

/** Whether it runs and ends well. */
export function works(command, ...args) {
  return spawnSync(command, args, { stdio: 'ignore' }).status === 0
}
