// Three processes share a map of settings. One writes, two watch; the server that leads the cluster is killed, another
// writes on, and the last one has seen every change. Run it with `node examples/map/map.js`, which starts itself three
// times more, once for each server.
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startNode } from 'quorate'
import { RecipeStateMachine, ReplicatedMap } from 'quorate/recipes'

/** One server: does as it is told, and tells its parent of every change. */
async function serve(id, directory, members) {
  const recipes = new RecipeStateMachine()
  const node = await startNode({ id, cluster: 'map', directory, members, stateMachine: recipes })
  await node.waitForLeader({ timeoutMs: 10_000 })
  // Through a session, a change whose leader dies is sent again, and made once.
  const map = new ReplicatedMap(node, recipes, 'settings', await node.openSession())
  process.on('message', ([key, value]) => {
    void map.set(key, value, { timeoutMs: 10_000 }).then(() => process.send({ done: key }))
  })
  const changes = map.watch()
  process.send({ leader: node.status().leaderId })
  for await (const { key, value } of changes) process.send({ change: `${key}=${new TextDecoder().decode(value)}` })
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
  const directory = await mkdtemp(join(tmpdir(), 'quorate-map-'))
  const members = {}
  for (const id of ['a', 'b', 'c']) members[id] = `127.0.0.1:${await freePort()}`
  const servers = new Map()
  for (const id of Object.keys(members)) {
    servers.set(id, fork(import.meta.filename, [id, join(directory, id), JSON.stringify(members)]))
  }
  /** Resolves with the first word of that server in which there is such a thing. */
  const hear = (id, what) =>
    new Promise((resolve) => {
      servers.get(id).on('message', (word) => word[what] !== undefined && resolve(word[what]))
    })
  const set = async (id, key, value) => {
    const done = hear(id, 'done')
    servers.get(id).send([key, value])
    await done
    console.log(`${id}: set ${key} to ${value}`)
  }

  const [leader] = await Promise.all(Object.keys(members).map((id) => hear(id, 'leader')))
  const [writer, watcher] = Object.keys(members).filter((id) => id !== leader)
  const seen = []
  const both = new Promise((resolve) => {
    servers.get(watcher).on('message', ({ change }) => {
      if (change !== undefined && seen.push(change) === 2) resolve()
    })
  })
  await set(writer, 'color', 'red')
  servers.get(leader).kill('SIGKILL')
  servers.delete(leader)
  console.log(`${leader}, which led the cluster, is killed`)
  await set(writer, 'size', 'large')
  await both
  console.log(`${watcher}: saw ${seen.join(', then ')}`)
  const ends = [...servers.values()].map((server) => once(server, 'exit'))
  for (const server of servers.values()) server.kill('SIGKILL')
  await Promise.all(ends)
  await rm(directory, { recursive: true })
}

const [id, directory, members] = process.argv.slice(2)
if (id === undefined) await main()
else await serve(id, directory, JSON.parse(members))
