// Little processor, as a container with a limit has it: the kernel lets a server run for so many milliseconds of each
// tenth of a second. For both versions of control groups; not every machine lets us make any.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const PERIOD_US = 100_000
const PREFIX = 'quorate-chaos-'
/** Longer than any fault lasts: an empty group as old as this is nobody's. */
const LEFT_MS = 60_000
/** Where groups are, and how a limit is written in the file that takes it. */
const VERSIONS = [
  { root: '/sys/fs/cgroup/cpu', file: 'cpu.cfs_quota_us', words: (us) => String(us) },
  { root: '/sys/fs/cgroup', file: 'cpu.max', words: (us) => `${us} ${PERIOD_US}` },
]

/** @returns whether this machine lets us hold a process back */
export function hasCpuGroups() {
  const group = openGroup(`probe-${process.pid}`)
  if (group !== null) rmdirSync(group.folder)
  return group !== null
}

/** @param percent of one processor @returns what ends it */
export function throttle(pid, name, percent) {
  const { root, folder, file, words } = openGroup(name)
  writeFileSync(join(folder, file), words((percent * PERIOD_US) / 100))
  move(pid, folder)
  return () => {
    for (const left of processesIn(folder)) move(left, root)
    rmdirSync(folder)
  }
}

/** One that has ended meanwhile needs no group. */
function move(pid, folder) {
  try {
    writeFileSync(join(folder, 'cgroup.procs'), String(pid))
  } catch (error) {
    if (error.code !== 'ESRCH') throw error
  }
}

/** Removes what runs left behind that came to a bad end; their processes are gone. */
export function clearGroups() {
  for (const { root } of VERSIONS) {
    if (!existsSync(root)) continue
    for (const name of readdirSync(root).filter((each) => each.startsWith(PREFIX))) {
      const folder = join(root, name)
      const isOld = Date.now() - statSync(folder).mtimeMs > LEFT_MS
      if (isOld && processesIn(folder).length === 0) rmdirSync(folder)
    }
  }
}

/** A new group of this name; null where there are none that are ours to make. */
function openGroup(name) {
  for (const version of VERSIONS) {
    const folder = join(version.root, `${PREFIX}${name}`)
    if (!made(folder)) continue
    if (existsSync(join(folder, version.file))) return { ...version, folder }
    rmdirSync(folder)
  }
  return null
}

function made(folder) {
  try {
    mkdirSync(folder)
    return true
  } catch {
    return false
  }
}

function processesIn(folder) {
  return readFileSync(join(folder, 'cgroup.procs'), 'utf8').split('\n').filter(Boolean)
}
