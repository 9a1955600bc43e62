// npm run bench [-- --json] [--seconds 4] [--clients 1,64,512] [--size 256] [--runs 1] [--preallocated]
//
// In one run, alternating: the raw ceiling and Quorate, both three processes on this machine with real fdatasync. The
// figures to quote are the ratios: machines and their disks drift, but both feel it.
import { fork } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const { values: options } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    seconds: { type: 'string', default: '4' },
    clients: { type: 'string', default: '1,64,512' },
    size: { type: 'string', default: '256' },
    runs: { type: 'string', default: '1' },
    preallocated: { type: 'boolean', default: false },
    directory: { type: 'string', default: tmpdir() },
  },
})

class Child {
  constructor() {
    this.process = fork(fileURLToPath(new URL('./process.js', import.meta.url)))
  }

  ask(task, details = {}) {
    return new Promise((resolve, reject) => {
      this.process.once('message', ({ result, error }) => (error ? reject(new Error(error)) : resolve(result)))
      this.process.send({ task, ...details })
    })
  }

  end() {
    this.process.kill('SIGKILL')
  }
}

/** Ports that are free now, from the system. */
async function freePorts(count) {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'))
  await Promise.all(servers.map((server) => new Promise((resolve) => server.once('listening', resolve))))
  const ports = servers.map((server) => server.address().port)
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
  return ports
}

async function withChildren(count, use) {
  const directory = mkdtempSync(join(options.directory, 'quorate-bench-'))
  const children = Array.from({ length: count }, () => new Child())
  try {
    return await use(children, directory)
  } finally {
    for (const child of children) child.end()
    rmSync(directory, { recursive: true, force: true })
  }
}

const { preallocated } = options

function measureCeiling(load) {
  return withChildren(3, async ([leader, ...followers], directory) => {
    const ports = await freePorts(followers.length)
    await Promise.all(
      followers.map((follower, i) => follower.ask('follow', { directory, port: ports[i], preallocated })),
    )
    return leader.ask('lead', { directory, ports, preallocated, load })
  })
}

function measureQuorate(load) {
  return withChildren(3, async (children, directory) => {
    const ids = ['a', 'b', 'c']
    const ports = await freePorts(ids.length)
    const members = Object.fromEntries(ids.map((id, i) => [id, `127.0.0.1:${ports[i]}`]))
    await Promise.all(children.map((child, i) => child.ask('serve', { directory, id: ids[i], members })))
    const leader = await findLeader(children)
    return leader.ask('load', { load })
  })
}

async function findLeader(children) {
  for (let attempt = 0; attempt < 200; attempt++) {
    for (const child of children) if (await child.ask('leads')) return child
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error('no leader within 10 s')
}

function report(rows) {
  const columns = [
    ['proposers', (row) => row.clients],
    ['bytes', (row) => row.size],
    ['ceiling/s', (row) => row.ceilingOpsPerSecond],
    ['ceiling p50', (row) => `${row.ceilingP50Ms} ms`],
    ['quorate/s', (row) => row.opsPerSecond],
    ['p50', (row) => `${row.p50Ms} ms`],
    ['p99', (row) => `${row.p99Ms} ms`],
    ['share', (row) => `${Math.round((100 * row.opsPerSecond) / row.ceilingOpsPerSecond)} %`],
  ]
  const table = [columns.map(([title]) => title), ...rows.map((row) => columns.map(([, value]) => String(value(row))))]
  const widths = columns.map((_, i) => Math.max(...table.map((line) => line[i].length)))
  for (const line of table) console.log(line.map((cell, i) => cell.padStart(widths[i])).join('  '))
}

const rows = []
for (let run = 0; run < Number(options.runs); run++) {
  for (const clients of options.clients.split(',').map(Number)) {
    const load = { clients, size: Number(options.size), seconds: Number(options.seconds) }
    const ceiling = await measureCeiling(load)
    const quorate = await measureQuorate(load)
    const row = {
      scenario: 'durable replication',
      clients,
      size: load.size,
      opsPerSecond: quorate.opsPerSecond,
      p50Ms: quorate.p50Ms,
      p99Ms: quorate.p99Ms,
      ceilingOpsPerSecond: ceiling.opsPerSecond,
      ceilingP50Ms: ceiling.p50Ms,
    }
    rows.push(row)
    if (options.json) console.log(JSON.stringify(row))
    else if (process.stderr.isTTY) process.stderr.write(`${clients} proposers measured\n`)
  }
}
if (!options.json) report(rows)
