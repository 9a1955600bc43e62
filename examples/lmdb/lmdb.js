// Three processes keep a ledger, each in an LMDB store of its own. All three are killed, and start again where their stores
// are: of 33 commands hardly any comes again. Run it with `node examples/lmdb/lmdb.js`, which starts itself six times more.
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startNode } from 'quorate'
import { Ledger } from './ledger.js'

/** One server: does as it is told, and tells its parent what came of it. */
async function serve(id, directory, members) {
  const ledger = new Ledger(join(directory, 'ledger'))
  const node = await startNode({
    id,
    cluster: 'ledger',
    directory: join(directory, 'log'),
    members,
    stateMachine: ledger,
  })
  // Through a session, a transfer whose leader dies is sent again, and made once.
  const session = await node.openSession({ timeoutMs: 10_000 })
  const look = () => ({ alice: ledger.balance('alice'), bob: ledger.balance('bob'), given: ledger.given })
  const work = async (transfer) => {
    if (transfer !== null)
      await session.propose(new TextEncoder().encode(JSON.stringify(transfer)), { timeoutMs: 10_000 })
    process.send(await node.read(look, { timeoutMs: 10_000 }))
  }
  process.on('message', (transfer) => void work(transfer))
  process.send('ready')
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
  const directory = await mkdtemp(join(tmpdir(), 'quorate-ledger-'))
  const members = {}
  for (const id of ['a', 'b', 'c']) members[id] = `127.0.0.1:${await freePort()}`
  const ids = Object.keys(members)

  const start = async (id) => {
    const server = fork(import.meta.filename, [id, join(directory, id), JSON.stringify(members)])
    await once(server, 'message')
    return server
  }
  const kill = async (server) => {
    server.kill('SIGKILL')
    await once(server, 'exit')
  }
  /** @returns what is in the ledger afterwards, as that server sees it */
  const tell = async (server, transfer) => {
    const answer = once(server, 'message')
    server.send(transfer)
    const [seen] = await answer
    return seen
  }

  let servers = await Promise.all(ids.map(start))
  await tell(servers[0], { to: 'alice', amount: 100 })
  for (let i = 0; i < 30; i++) await tell(servers[i % 3], { from: 'alice', to: 'bob', amount: 1 })
  for (const [i, server] of servers.entries()) {
    const { alice, bob } = await tell(server, null)
    console.log(`${ids[i]}: alice has ${alice}, bob has ${bob}`)
  }
  for (let i = 0; i < 2; i++) await tell(servers[0], { from: 'alice', to: 'bob', amount: 10 })

  await Promise.all(servers.map(kill))
  console.log('all three are killed, and start again')
  servers = await Promise.all(ids.map(start))
  for (const [i, server] of servers.entries()) {
    const { alice, bob, given } = await tell(server, null)
    console.log(`${ids[i]}: alice has ${alice}, bob has ${bob}, and ${given} of 33 commands came again`)
  }
  const { alice, bob } = await tell(servers[1], { from: 'bob', to: 'alice', amount: 50 })
  console.log(`b: bob pays 50 back: alice has ${alice}, bob has ${bob}`)
  await Promise.all(servers.map(kill))
  await rm(directory, { recursive: true })
}

const [id, directory, members] = process.argv.slice(2)
if (id === undefined) await main()
else await serve(id, directory, JSON.parse(members))
