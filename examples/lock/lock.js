// Three processes want one lock. Its holder is killed; when its lease is over the next has it, with a higher token, and
// a disk that checks tokens refuses what the dead one may still have under way. Run it with `node examples/lock/lock.js`,
// which starts itself three times more, once for each server.
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startNode } from 'quorate'
import { Lock, RecipeStateMachine } from 'quorate/recipes'

/** One server: waits for the lock, and tells its parent when it has it. */
async function serve(id, directory, members) {
  const recipes = new RecipeStateMachine()
  const node = await startNode({ id, cluster: 'lock', directory, members, stateMachine: recipes })
  await node.waitForLeader({ timeoutMs: 10_000 })
  const hold = await new Lock(node, recipes, 'report', { ttlMs: 1000 }).acquire()
  process.send({ id, token: hold.token })
  await hold.lost
}

/** What the lock guards: it takes nothing from a holder of the past. */
class Disk {
  newest = 0

  write(token) {
    if (token < this.newest) return 'refused'
    this.newest = token
    return 'taken'
  }
}

/** A port that is free at the moment; a real cluster's are fixed. */
function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer().on('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address()
      server.close(() => resolve(port))
    })
  })
}

async function main() {
  const directory = await mkdtemp(join(tmpdir(), 'quorate-lock-'))
  const members = {}
  for (const id of ['a', 'b', 'c']) members[id] = `127.0.0.1:${await freePort()}`
  const servers = new Map()
  for (const id of Object.keys(members)) {
    servers.set(id, fork(import.meta.filename, [id, join(directory, id), JSON.stringify(members)]))
  }
  /** The first of them that says it has the lock. */
  const holder = async () => (await Promise.race([...servers.values()].map((server) => once(server, 'message'))))[0]
  const disk = new Disk()

  const first = await holder()
  console.log(`${first.id} has the lock, and its write is ${disk.write(first.token)}`)
  const victim = servers.get(first.id)
  servers.delete(first.id)
  const next = holder()
  victim.kill('SIGKILL')
  console.log(`${first.id} is killed`)

  const second = await next
  console.log(`${second.id} has the lock, and its write is ${disk.write(second.token)}`)
  console.log(`a late write of ${first.id} is ${disk.write(first.token)}`)
  const ends = [...servers.values()].map((server) => once(server, 'exit'))
  for (const server of servers.values()) server.kill('SIGKILL')
  await Promise.all(ends)
  await rm(directory, { recursive: true })
}

const [id, directory, members] = process.argv.slice(2)
if (id === undefined) await main()
else await serve(id, directory, JSON.parse(members))
