// Processes of the benchmark and what they need: folders, ports, somebody who leads.
import { fork } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const IDS = ['a', 'b', 'c']

export class Child {
  constructor() {
    this.process = fork(fileURLToPath(new URL('./process.js', import.meta.url)))
    this.ended = new Promise((resolve) => this.process.once('exit', resolve))
  }

  ask(task, details = {}) {
    return new Promise((resolve, reject) => {
      this.process.once('message', ({ result, error }) => (error ? reject(new Error(error)) : resolve(result)))
      this.process.send({ task, ...details })
    })
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

/** `use(children, folder)`; both are gone afterwards. */
export async function withChildren(count, parent, use) {
  const directory = mkdtempSync(join(parent, 'quorate-bench-'))
  const children = Array.from({ length: count }, () => new Child())
  try {
    return await use(children, directory)
  } finally {
    await Promise.all(children.map((child) => child.end()))
    rmSync(directory, { recursive: true, force: true })
  }
}

/** A whole cluster of three processes. `use({ leader, followers, directory, members })`. */
export function withCluster(parent, use, options = {}) {
  return withChildren(IDS.length, parent, async (children, directory) => {
    const ports = await freePorts(IDS.length)
    const members = Object.fromEntries(IDS.map((id, i) => [id, `127.0.0.1:${ports[i]}`]))
    await Promise.all(children.map((child, i) => child.ask('serve', { directory, id: IDS[i], members, options })))
    const leader = await findLeader(children)
    return use({ leader, followers: children.filter((child) => child !== leader), directory, members })
  })
}

export async function findLeader(children) {
  const deadline = performance.now() + 10_000
  while (performance.now() < deadline) {
    for (const child of children) if (await child.ask('leads')) return child
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  throw new Error('no leader within 10 s')
}
