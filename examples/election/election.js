// Three processes elect one of them for the nightly job. The one that leads is killed; another takes over, with a higher
// token. Run it with `node examples/election/election.js`, which starts itself three times more, once for each server.
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startNode } from 'quorate'
import { Election, RecipeStateMachine } from 'quorate/recipes'

/** One server: campaigns, and tells its parent when it has won. */
async function serve(id, directory, members) {
  const recipes = new RecipeStateMachine()
  const node = await startNode({ id, cluster: 'election', directory, members, stateMachine: recipes })
  await node.waitForLeader({ timeoutMs: 10_000 })
  const election = new Election(node, recipes, 'nightly', { ttlMs: 1000 })
  const leadership = await election.campaign(id)
  process.send({ id, token: leadership.token })
  await leadership.lost
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
  const directory = await mkdtemp(join(tmpdir(), 'quorate-election-'))
  const members = {}
  for (const id of ['a', 'b', 'c']) members[id] = `127.0.0.1:${await freePort()}`
  const servers = new Map()
  for (const id of Object.keys(members)) {
    servers.set(id, fork(import.meta.filename, [id, join(directory, id), JSON.stringify(members)]))
  }
  /** The first of them that says it has won. */
  const winner = async () => (await Promise.race([...servers.values()].map((server) => once(server, 'message'))))[0]

  const first = await winner()
  console.log(`${first.id} leads the nightly job`)
  const victim = servers.get(first.id)
  servers.delete(first.id)
  const next = winner()
  victim.kill('SIGKILL')
  console.log(`${first.id} is killed`)

  const second = await next
  console.log(`${second.id} leads, with a ${second.token > first.token ? 'higher' : 'LOWER'} token`)
  const ends = [...servers.values()].map((server) => once(server, 'exit'))
  for (const server of servers.values()) server.kill('SIGKILL')
  await Promise.all(ends)
  await rm(directory, { recursive: true })
}

const [id, directory, members] = process.argv.slice(2)
if (id === undefined) await main()
else await serve(id, directory, JSON.parse(members))
