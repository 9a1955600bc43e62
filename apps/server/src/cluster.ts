/**
 * `quorate cluster`, which `npm start` runs: three servers on this machine, each a process of its own under one data
 * folder. It shows what is where, says who leads whenever that changes, and restarts nothing: a server that ends has a
 * reason, and it is shown.
 */
import { mkdirSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { Child, type ChildPlan } from './child.ts'
import { type CommandLine, readCommandLine, readNumber } from './command-line.ts'
import { UsageError } from './errors.ts'

const CLUSTER_HELP = `quorate cluster: run three servers on this machine, for trying and developing

  --data FOLDER         where the servers keep their data and logs (.quorate/data)
  --port N              the servers talk to each other on N, N+1, N+2 (7001)
  --client-port N       clients are served on N, N+1, N+2 (2379)
  --cluster NAME        the cluster's name (quorate)

Ctrl-C stops all three; started again, they have all their data.`

const IDS = ['a', 'b', 'c']
const HOST = '127.0.0.1'
const MAX_PORT = 65_535 - IDS.length
const READY_TIMEOUT_MS = 15_000

const FLAGS = {
  data: { type: 'string' },
  port: { type: 'string' },
  'client-port': { type: 'string' },
  cluster: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
} as const

/** @returns the exit status: 0 after a clean stop, 1 when servers ended by themselves @throws UsageError */
export async function cluster(args: readonly string[]): Promise<number> {
  const line = readCommandLine(args, FLAGS, [])
  if (line.has('help')) {
    console.log(CLUSTER_HELP)
    return 0
  }
  const plans = planChildren(line)
  await requireFreePorts(plans)
  mkdirSync(line.text('data') ?? DEFAULT_DATA, { recursive: true })
  return new Supervision(plans).run()
}

const DEFAULT_DATA = join('.quorate', 'data')

function planChildren(line: CommandLine): ChildPlan[] {
  const port = readNumber('--port', line.text('port') ?? '7001', 1, MAX_PORT)
  const clientPort = readNumber('--client-port', line.text('client-port') ?? '2379', 1, MAX_PORT)
  if (Math.abs(port - clientPort) < IDS.length)
    throw new UsageError(`--port ${port} and --client-port ${clientPort} overlap`)
  const folder = line.text('data') ?? DEFAULT_DATA
  const members = IDS.map((id, i) => `${id}=${HOST}:${port + i}`).join(',')
  return IDS.map((id, i) => ({
    id,
    cluster: line.text('cluster') ?? 'quorate',
    members,
    peers: `${HOST}:${port + i}`,
    clients: `${HOST}:${clientPort + i}`,
    data: join(folder, id),
    log: join(folder, `${id}.log`),
  }))
}

/** All of them before any server starts. @throws UsageError that names every port that is taken */
async function requireFreePorts(plans: readonly ChildPlan[]): Promise<void> {
  const addresses = plans.flatMap(({ peers, clients }) => [peers, clients])
  const taken: string[] = []
  for (const address of addresses) if (!(await isFree(address))) taken.push(address)
  if (taken.length === 0) return
  const message = `${taken.join(', ')} is in use by another process, perhaps a cluster that runs already`
  throw new UsageError(`${message}: choose others with --port and --client-port`)
}

function isFree(address: string): Promise<boolean> {
  const [host, port] = address.split(':')
  return new Promise((resolve) => {
    const probe = createServer()
    probe.once('error', () => resolve(false))
    probe.listen({ host, port: Number(port) }, () => probe.close(() => resolve(true)))
  })
}

class Supervision {
  private readonly children: readonly Child[]
  private leaderTerm = 0
  private leaderId: string | null = null
  private isStopping = false
  private isShown = false

  constructor(plans: readonly ChildPlan[]) {
    this.children = plans.map((plan) => new Child(plan))
  }

  async run(): Promise<number> {
    process.on('SIGINT', () => this.stop())
    process.on('SIGTERM', () => this.stop())
    for (const child of this.children) this.supervise(child)
    const ended = Promise.all(this.children.map((child) => child.ended))
    await Promise.race([ended, this.everyoneIsReady(), sleep(READY_TIMEOUT_MS)])
    if (!this.isStopping && this.children.some((child) => child.isRunning)) this.show()
    const failures = (await ended).filter((status) => status !== 0)
    if (this.isStopping) console.log(failures.length === 0 ? 'Stopped.' : 'Stopped, not all of them cleanly.')
    else console.log('No server runs any more.')
    return this.isStopping && failures.length === 0 ? 0 : 1
  }

  private supervise(child: Child): void {
    child.start((leaderId, term) => this.noteLeader(leaderId, term))
    void child.ended.then(() => {
      if (!this.isStopping) console.log(`${child.explainEnd()}. It is not started again; its log: ${child.plan.log}`)
    })
  }

  /** Ready, and with a leader; a server that has ended is not waited for. */
  private async everyoneIsReady(): Promise<void> {
    await Promise.all(this.children.map((child) => Promise.race([child.ready, child.ended])))
    while (this.leaderId === null && !this.isStopping) await sleep(20)
  }

  /** All three servers say who leads; each term's leader is worth one line. */
  private noteLeader(leaderId: string | null, term: number): void {
    if (leaderId === null || term <= this.leaderTerm) return
    this.leaderTerm = term
    this.leaderId = leaderId
    if (this.isShown) console.log(`${leaderId} leads now (term ${term})`)
  }

  private show(): void {
    this.isShown = true
    const rows = this.children.map(({ plan, pid, isRunning }) => {
      const role = !isRunning ? 'ended' : plan.id === this.leaderId ? 'leader' : 'follower'
      return [plan.id, String(pid), `http://${plan.clients}`, plan.peers, plan.data, role]
    })
    console.log(formatTable([['id', 'pid', 'clients', 'peers', 'data', 'role'], ...rows]))
    console.log(this.leaderId === null ? '\nNo leader yet.' : `\n${this.leaderId} leads (term ${this.leaderTerm}).`)
    console.log(`${this.invitation()}\nCtrl-C stops all three.`)
  }

  private invitation(): string {
    const endpoints = this.children.map(({ plan }) => plan.clients)
    const flag = endpoints[0] === `${HOST}:2379` ? '' : ` --endpoints ${endpoints.join(',')}`
    return `Try it:
  npx quorate put greeting hello${flag}
  npx quorate get greeting${flag}
  curl http://${endpoints[0]}/v3/kv/range -d '{"key": "${Buffer.from('greeting').toString('base64')}"}'`
  }

  /** The first time in peace; the second time at once. */
  private stop(): void {
    if (this.isStopping) console.log('Killing them.')
    else console.log('\nStopping; once more to kill.')
    for (const child of this.children) child.signal(this.isStopping ? 'SIGKILL' : 'SIGTERM')
    this.isStopping = true
  }
}

function formatTable(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  const lines = rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  )
  return lines.join('\n')
}

function sleep(delayMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, delayMs).unref())
}
