/**
 * One process per data folder. Node has no flock, and a lock file alone is either stale after `kill -9` or stolen from
 * the living, so two things work together:
 *
 * - On Linux a socket in the abstract namespace, on Windows a named pipe, whose name stands for the folder (device and
 *   inode, so that every path to it is the same). The kernel gives it to one process only and takes it back when that
 *   process ends, however it ends.
 * - The file `lock` with the holder's pid, for the error message, and for where no socket helps: on other systems, and
 *   between containers that share a folder but not a network. It counts while that process lives. A pid that was given
 *   to another process meanwhile is told apart by the time of its start and the machine's boot (Linux).
 *
 * What it cannot see: a holder on another machine that mounts the same folder, or, without a common network namespace,
 * in a container with its own process ids. Give each server a folder of its own.
 */
import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { join } from 'node:path'
import { StorageError } from '../storage/errors.ts'
import { FileSystemError, type FolderLock } from '../storage/file-system.ts'

const NAME = 'lock'

interface Holder {
  readonly pid: number
  /** Boot and start of the process, where the system tells them; else empty. */
  readonly started: string
}

/** @throws StorageError ERR_QUORATE_LOCKED, with the folder and the holder's pid; FileSystemError */
export async function lockFolder(folder: string): Promise<FolderLock> {
  const server = await claimName(folder)
  const holder = readHolder(folder)
  if (holder !== null && holder.pid !== process.pid && isAlive(holder)) {
    server?.close()
    throw locked(folder, holder)
  }
  const own: Holder = { pid: process.pid, started: startOf(process.pid) }
  try {
    writeFileSync(join(folder, NAME), JSON.stringify(own))
  } catch (error) {
    server?.close()
    // Node says "EIO: i/o error, write", of a file that it does not name.
    throw new FileSystemError((error as NodeJS.ErrnoException).code ?? 'EIO', 'write', join(folder, NAME), error)
  }
  return {
    release: async () => {
      rmSync(join(folder, NAME), { force: true })
      await new Promise<void>((resolve) => (server === null ? resolve() : server.close(() => resolve())))
    },
  }
}

/** @returns null where the system has no such names */
async function claimName(folder: string): Promise<Server | null> {
  const { dev, ino } = statSync(folder, { bigint: true })
  const name = `quorate-${dev.toString(16)}-${ino.toString(16)}`
  // Filled up, because some versions of libuv would fill up a shorter name with zeros and others would not.
  if (process.platform === 'linux') return listen(folder, `\0${name.padEnd(107, '.')}`)
  if (process.platform === 'win32') return listen(folder, `\\\\?\\pipe\\${name}`)
  return null
}

function listen(folder: string, path: string): Promise<Server | null> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy())
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') reject(locked(folder, readHolder(folder)))
      // Forbidden in some sandboxes; the lock file remains.
      else resolve(null)
    })
    server.listen({ path, exclusive: true }, () => {
      server.unref()
      resolve(server)
    })
  })
}

function locked(folder: string, holder: Holder | null): StorageError {
  const who = holder === null ? 'another process' : `process ${holder.pid}`
  return new StorageError(
    'ERR_QUORATE_LOCKED',
    `${folder} is in use by ${who}: stop it, or give this server its own folder`,
  )
}

function readHolder(folder: string): Holder | null {
  try {
    const { pid, started } = JSON.parse(readFileSync(join(folder, NAME), 'utf8')) as Partial<Holder>
    return typeof pid === 'number' && typeof started === 'string' ? { pid, started } : null
  } catch {
    // Not there, or its writer died over it.
    return null
  }
}

function isAlive({ pid, started }: Holder): boolean {
  try {
    process.kill(pid, 0)
  } catch (error) {
    // EPERM: it lives, and is somebody else's.
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false
  }
  return started === startOf(pid)
}

/** Tells this process from an earlier one with the same pid; empty where the system does not say. */
function startOf(pid: number): string {
  if (process.platform !== 'linux') return ''
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The name in parentheses may hold spaces; the start time is the 20th field behind it.
    return `${boot} ${stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]}`
  } catch {
    return ''
  }
}
