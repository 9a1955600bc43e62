// A folder for each run, and the removal of what runs left behind that came to a bad end.
//
// Where the system lets us, a run is inside of namespaces of its own, and its processes, mounts and networks end with its
// first process, however that ends. What can remain is the folder; and where there are no namespaces, servers.
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const PREFIX = 'quorate-chaos-'
const OWNER = 'owner'
/** In the environment of every process of a run. */
export const MARK = 'QUORATE_CHAOS'

/** @returns a folder of this process */
export function makeFolder() {
  const folder = mkdtempSync(join(tmpdir(), PREFIX))
  writeFileSync(join(folder, OWNER), String(process.pid))
  return folder
}

/** Ends what earlier runs left running, and removes their folders. @returns a line for each */
export function clearLeftovers() {
  const lines = []
  for (const name of readdirSync(tmpdir())) {
    const folder = join(tmpdir(), name)
    if (!name.startsWith(PREFIX) || isOwned(folder)) continue
    for (const pid of processesOf(folder)) {
      process.kill(pid, 'SIGKILL')
      lines.push(`ended process ${pid}, which an earlier run had left`)
    }
    rmSync(folder, { recursive: true, force: true })
    lines.push(`removed ${folder}, which an earlier run had left`)
  }
  return lines
}

/** Whether somebody is using it, or it is none of ours. */
function isOwned(folder) {
  try {
    const pid = Number(readFileSync(join(folder, OWNER), 'utf8'))
    process.kill(pid, 0)
    return true
  } catch (error) {
    // EPERM: it lives, and is somebody else's. ENOENT: it is being made.
    return error.code !== 'ESRCH'
  }
}

/** Processes that carry the folder's mark. */
export function processesOf(folder) {
  if (process.platform !== 'linux') return []
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => pid !== process.pid && environmentOf(pid).includes(`${MARK}=${folder}`))
}

function environmentOf(pid) {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0')
  } catch {
    return []
  }
}
