// Runs the rest inside of namespaces of its own, where the system lets us: mounts, processes and networks are gone with
// the first process in it, whatever ends that.
import { spawn } from 'node:child_process'
import { works } from './command.js'
import { MARK } from './leftovers.js'

/** @param folder to try a mount on @returns what `unshare` is to be told, or null when it may not be used */
export function isolationFor(network, folder) {
  const own = [
    '--mount',
    '--pid',
    '--fork',
    '--kill-child',
    '--mount-proc',
    ...(network === 'namespaces' ? ['--net'] : []),
  ]
  const flags = process.getuid?.() === 0 ? own : ['--user', '--map-root-user', ...own]
  return works('unshare', ...flags, 'mount', '-t', 'tmpfs', 'none', folder) ? flags : null
}

/** @param flags of `isolationFor` @returns the exit status */
export function runInside(flags, program, details, folder) {
  const command = [process.execPath, program, JSON.stringify(details)]
  const [name, ...args] = flags === null ? command : ['unshare', ...flags, ...command]
  const env = { ...process.env, [MARK]: folder }
  const child = spawn(name, args, { env, stdio: ['pipe', 'inherit', 'inherit'] })
  // The terminal's Ctrl-C reaches the child as well; one that came from elsewhere does not.
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.stdin.end())
  return new Promise((resolve) => {
    child.on('exit', (status) => resolve(status ?? 1))
    child.on('error', () => resolve(1))
  })
}
