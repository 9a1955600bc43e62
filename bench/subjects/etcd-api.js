// Servers that speak etcd's JSON API over HTTP, and a client for it: etcd itself, and Quorate's server. Both are measured
// with their API, HTTP and JSON, by the same client in a process of its own, which takes its share of the processors.
import { execFileSync, spawn } from 'node:child_process'
import { Agent, request as httpRequest } from 'node:http'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { freePorts, until, watched, withFolder } from '../harness/children.js'

const IDS = ['a', 'b', 'c']
const KEYS = 10_000
const QUORATE = fileURLToPath(new URL('../../bin/quorate.js', import.meta.url))

/** What `measure` in scenarios/peers.js needs to know of a system. */
const ETCD = {
  command: ({ i, folder, ports, clientPorts }) => {
    const peerUrl = (j) => `http://127.0.0.1:${ports[j]}`
    const clientUrl = `http://127.0.0.1:${clientPorts[i]}`
    return ['etcd', '--name', IDS[i], '--data-dir', join(folder, IDS[i]), '--log-level', 'error', '--logger', 'zap']
      .concat(['--listen-client-urls', clientUrl, '--advertise-client-urls', clientUrl])
      .concat(['--listen-peer-urls', peerUrl(i), '--initial-advertise-peer-urls', peerUrl(i)])
      .concat([
        '--initial-cluster',
        IDS.map((id, j) => `${id}=${peerUrl(j)}`).join(','),
        '--initial-cluster-state',
        'new',
      ])
  },
  leads: async (port) => {
    const { header, leader } = await ask(port, '/v3/maintenance/status', {})
    return leader !== undefined && leader === header.member_id
  },
}

const OWN_SERVER = {
  command: ({ i, folder, ports, clientPorts }) => {
    const members = IDS.map((id, j) => `${id}=127.0.0.1:${ports[j]}`).join(',')
    return [
      process.execPath,
      QUORATE,
      'serve',
      '--id',
      IDS[i],
      '--data',
      join(folder, IDS[i]),
      '--members',
      members,
    ].concat(['--client-listen', `127.0.0.1:${clientPorts[i]}`, '--allow-plaintext'])
  },
  leads: async (port) => (await ask(port, '/status')).role === 'leader',
}

export const withEtcd = (parent, use) => withServers(ETCD, parent, use)
export const withOwnServer = (parent, use) => withServers(OWN_SERVER, parent, use)

/** `etcd 3.4.23`, or null where it is not installed. */
export function etcdVersion() {
  try {
    const [, version] = /etcd Version: (\S+)/.exec(execFileSync('etcd', ['--version'], { encoding: 'utf8' })) ?? []
    return `etcd ${version}`
  } catch {
    return null
  }
}

/** `use(port)`: where the leader of three servers listens for clients. */
function withServers({ command, leads }, parent, use) {
  return withFolder(parent, async (folder) => {
    const ports = await freePorts(2 * IDS.length)
    const place = { folder, ports: ports.slice(0, 3), clientPorts: ports.slice(3) }
    const servers = IDS.map((_, i) => new Server(command({ i, ...place })))
    try {
      const port = await until(
        `leader of ${servers[0].words}`,
        async () => {
          for (const each of place.clientPorts) if (await leads(each).catch(() => false)) return each
          return null
        },
        { everyMs: 50, forMs: 20_000 },
      )
      return await use(port)
    } finally {
      await Promise.all(servers.map((server) => server.end()))
    }
  })
}

class Server {
  constructor([program, ...args]) {
    this.words = `${program} ${args[0]}`
    this.process = spawn(program, args, { stdio: 'ignore' })
    this.ended = watched(this.process)
  }

  async end() {
    this.process.kill('SIGKILL')
    await this.ended
  }
}

/** Puts of so many bytes over connections that stay, one for each client. */
export function httpRequester(port, { clients, size }) {
  const agent = new Agent({ keepAlive: true, maxSockets: clients })
  const value = Buffer.alloc(size, 120).toString('base64')
  let count = 0
  return {
    request: () => {
      const key = Buffer.from(`bench/${count++ % KEYS}`).toString('base64')
      return ask(port, '/v3/kv/put', { key, value }, agent)
    },
    close: () => agent.destroy(),
  }
}

/** @returns the answer's JSON; with a body it is a POST */
function ask(port, path, body, agent) {
  const text = body === undefined ? '' : JSON.stringify(body)
  const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }
  const method = body === undefined ? 'GET' : 'POST'
  return new Promise((resolve, reject) => {
    const outgoing = httpRequest({ host: '127.0.0.1', port, path, method, agent, headers }, (response) => {
      const pieces = []
      response.on('error', reject)
      response.on('data', (piece) => pieces.push(piece))
      response.on('end', () => {
        const answer = Buffer.concat(pieces).toString()
        if (response.statusCode === 200) resolve(JSON.parse(answer))
        else reject(new Error(`${path} was answered by ${response.statusCode}: ${answer.trim()}`))
      })
    })
    outgoing.on('error', reject)
    outgoing.end(text)
  })
}
