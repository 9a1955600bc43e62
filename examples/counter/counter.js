// A counter that three servers keep together. They run in one process here, so that there is one thing to start; in
// earnest each has a machine of its own. Run it with `node examples/counter/counter.js`.
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startNode } from 'quorate'
import { Counter } from './machine.js'

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

const directory = await mkdtemp(join(tmpdir(), 'quorate-counter-'))
const ids = ['a', 'b', 'c']
const ports = await Promise.all(ids.map(freePort))
const members = Object.fromEntries(ids.map((id, i) => [id, `127.0.0.1:${ports[i]}`]))

const counters = ids.map(() => new Counter())
const nodes = await Promise.all(
  ids.map((id, i) =>
    startNode({ id, cluster: 'counter', directory: join(directory, id), members, stateMachine: counters[i] }),
  ),
)

const add = async (node, number) => {
  const answer = await node.propose(new TextEncoder().encode(String(number)))
  console.log(`${node.id}: added ${number}, the counter is at ${new TextDecoder().decode(answer)}`)
}

// Any server takes a command; it finds the leader itself.
for (const node of nodes) await add(node, 10)

// A read sees everything that was acknowledged before it, whichever server is asked.
console.log(`c: reads ${await nodes[2].read(() => counters[2].value)}`)

const leader = nodes.find((node) => node.status().role === 'leader')
console.log(`${leader.id} leads, and is stopped`)
await leader.stop()

// The other two elect a leader and go on.
const [one, other] = nodes.filter((node) => node !== leader)
await add(one, 12)
console.log(`${other.id}: reads ${await other.read(() => counters[nodes.indexOf(other)].value)}`)

await one.stop()
await other.stop()
await rm(directory, { recursive: true })
