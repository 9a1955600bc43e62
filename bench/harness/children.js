// Processes of the benchmark and what they need: folders, ports, somebody to end them.
import { fork } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

// What is left when the benchmark is interrupted: a process that stands still would stay for ever.
const processes = new Set()
const folders = new Set()
process.once('exit', () => {
  for (const each of processes) each.kill('SIGKILL')
  for (const each of folders) rmSync(each, { recursive: true, force: true })
})

/** Ends with the benchmark, however that ends. @returns when it has ended */
export function watched(child) {
  processes.add(child)
  return new Promise((resolve) => {
    child.once('exit', () => {
      processes.delete(child)
      resolve()
    })
  })
}

const PROGRAM = fileURLToPath(new URL('./process.js', import.meta.url))

/** A process that does what it is asked, see process.js. Several questions may be open at once. */
export class Child {
  constructor() {
    this.process = fork(PROGRAM, { serialization: 'advanced' })
    this.waiting = new Map()
    this.asked = 0
    this.process.on('message', ({ number, result, error }) => {
      const { resolve, reject } = this.waiting.get(number)
      this.waiting.delete(number)
      if (error === undefined) resolve(result)
      else reject(new Error(error))
    })
    this.ended = watched(this.process)
    void this.ended.then(() => {
      for (const { task, reject } of this.waiting.values()) reject(new Error(`the process ended during '${task}'`))
    })
  }

  ask(task, details = {}) {
    return new Promise((resolve, reject) => {
      const number = ++this.asked
      this.waiting.set(number, { task, resolve, reject })
      this.process.send({ number, task, details }, (error) => error !== null && reject(error))
    })
  }

  signal(signal) {
    this.process.kill(signal)
  }

  async end() {
    this.process.kill('SIGKILL')
    await this.ended
  }
}

/** Ports that are free now, from the system. */
export async function freePorts(count) {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'))
  await Promise.all(servers.map((server) => new Promise((resolve) => server.once('listening', resolve))))
  const ports = servers.map((server) => server.address().port)
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
  return ports
}

/** `use(folder)`; it is gone afterwards. */
export async function withFolder(parent, use) {
  const folder = mkdtempSync(join(parent, 'quorate-bench-'))
  folders.add(folder)
  try {
    return await use(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
    folders.delete(folder)
  }
}

/** `use(children, folder)`; both are gone afterwards. */
export function withChildren(count, parent, use) {
  return withFolder(parent, async (folder) => {
    const children = Array.from({ length: count }, () => new Child())
    try {
      return await use(children, folder)
    } finally {
      await Promise.all(children.map((child) => child.end()))
    }
  })
}

/** Waits until `find` gives something. @throws Error when it has not after so long */
export async function until(what, find, { everyMs = 5, forMs = 10_000 } = {}) {
  const deadline = performance.now() + forMs
  while (performance.now() < deadline) {
    const found = await find()
    if (found) return found
    await sleep(everyMs)
  }
  throw new Error(`no ${what} within ${forMs / 1000} s`)
}

export function sleep(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
