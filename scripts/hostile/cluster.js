// Three real servers, `quorate serve` in a process each, over plain TCP or TLS, and an honest client of theirs.
import { spawn } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { freePorts, watched } from '../../bench/harness/children.js'
import { Authority } from '../../dist/io/testing/certificates.js'

const BIN = fileURLToPath(new URL('../../bin/quorate.js', import.meta.url))
export const CLUSTER = 'hostile'
const IDS = ['s1', 's2', 's3']
const HONEST_TIMEOUT_MS = 5000

export class ServedCluster {
  constructor(folder, authority) {
    this.folder = folder
    this.authority = authority
    this.servers = []
  }

  static async start(folder, { tls }) {
    const cluster = new ServedCluster(folder, tls ? new Authority('ours') : null)
    const ports = await freePorts(2 * IDS.length)
    cluster.members = Object.fromEntries(IDS.map((id, i) => [id, `127.0.0.1:${ports[i]}`]))
    cluster.servers = IDS.map((id, i) => ({ id, peers: cluster.members[id], clients: `127.0.0.1:${ports[3 + i]}` }))
    await Promise.all(cluster.servers.map((server) => cluster.serve(server)))
    while ((await cluster.leader()) === null) await sleep(50)
    return cluster
  }

  async serve(server) {
    const { id, clients } = server
    const members = Object.entries(this.members).map(([name, address]) => `${name}=${address}`)
    const args = ['serve', '--id', id, '--cluster', CLUSTER, '--members', members.join(), '--client-listen', clients]
    const own = ['--data', join(this.folder, id), '--json', '--log-level', 'error', ...this.tlsFlags(id)]
    const child = spawn(process.execPath, [BIN, ...args, ...own], { stdio: ['ignore', 'pipe', 'ignore'] })
    server.child = child
    server.isUp = true
    server.ended = watched(child).then(() => {
      server.isUp = false
    })
    await new Promise((resolve, reject) => {
      createInterface({ input: child.stdout }).on('line', (line) => {
        if (JSON.parse(line).event === 'ready') resolve()
      })
      void server.ended.then(() => reject(new Error(`${id} ended before it was ready`)))
    })
  }

  tlsFlags(id) {
    if (this.authority === null) return []
    const { ca, certificate, key } = this.authority.member(`quorate://${CLUSTER}/${id}`)
    const write = (name, text) => {
      const path = join(this.folder, `${id}-${name}.pem`)
      writeFileSync(path, text)
      return path
    }
    return [
      ...['--peer-ca', write('ca', ca), '--peer-certificate', write('certificate', certificate)],
      ...['--peer-key', write('key', key)],
    ]
  }

  async leader() {
    const answers = await Promise.all(this.servers.map((server) => statusOf(server).catch(() => null)))
    return this.servers.find((_, i) => answers[i]?.role === 'leader') ?? null
  }

  async end() {
    for (const { child } of this.servers) child.kill('SIGKILL')
    await Promise.all(this.servers.map(({ ended }) => ended))
  }
}

export async function statusOf({ clients }) {
  const response = await fetch(`http://${clients}/status`, { signal: AbortSignal.timeout(HONEST_TIMEOUT_MS) })
  return response.json()
}

/** Resident memory of a server's process, in MiB. */
export function rssOf({ child }) {
  const line = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))
  return Math.round(Number(line?.[1] ?? 0) / 1024)
}

/** Puts one value after the other through these servers until it is told to stop, and counts how long each took. */
export class HonestClient {
  constructor(servers) {
    this.servers = servers
    this.latencies = []
    this.failures = []
    this.isOpen = true
    this.done = this.work()
  }

  async work() {
    for (let serial = 0; this.isOpen; serial++) {
      const { clients } = this.servers[serial % this.servers.length]
      const begun = performance.now()
      try {
        await put(clients, `honest ${serial % 100}`, `value ${serial}`)
        this.latencies.push(performance.now() - begun)
      } catch (error) {
        this.failures.push(String(error))
      }
      await sleep(2)
    }
  }

  /** @returns what there was since the last call: how many, and their median and 99th percentile in ms */
  take() {
    const sorted = this.latencies.splice(0).sort((one, other) => one - other)
    const at = (share) => Math.round((sorted[Math.floor(sorted.length * share)] ?? 0) * 10) / 10
    return { requests: sorted.length, p50Ms: at(0.5), p99Ms: at(0.99), failures: this.failures.splice(0).length }
  }

  async stop() {
    this.isOpen = false
    await this.done
  }
}

export async function put(clients, key, value) {
  const body = JSON.stringify({ key: base64(key), value: base64(value) })
  const headers = { 'content-type': 'application/json' }
  const signal = AbortSignal.timeout(HONEST_TIMEOUT_MS)
  const response = await fetch(`http://${clients}/v3/kv/put`, { method: 'POST', headers, body, signal })
  if (!response.ok) throw new Error(`status ${response.status}: ${await response.text()}`)
  await response.arrayBuffer()
}

export function base64(text) {
  return Buffer.from(text).toString('base64')
}

export function sleep(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
