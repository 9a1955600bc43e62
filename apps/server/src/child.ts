/** One server of `quorate cluster`: a `quorate serve` of its own, watched through the events that it prints. */
import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { createInterface } from 'node:readline'
import type { ServeEvent } from './serve.ts'

export interface ChildPlan {
  readonly id: string
  readonly cluster: string
  /** As `--members` takes them. */
  readonly members: string
  readonly peers: string
  readonly clients: string
  readonly data: string
  /** The file that its log is appended to. */
  readonly log: string
}

export class Child {
  readonly plan: ChildPlan
  /** Resolves when it serves clients. */
  readonly ready: Promise<void>
  /** Resolves with its exit status, null after a signal. */
  readonly ended: Promise<number | null>
  private process: ChildProcess | null = null
  private failure: string | null = null
  private announceReady: () => void = () => {}
  private announceEnd: (status: number | null) => void = () => {}

  constructor(plan: ChildPlan) {
    this.plan = plan
    this.ready = new Promise((resolve) => {
      this.announceReady = resolve
    })
    this.ended = new Promise((resolve) => {
      this.announceEnd = resolve
    })
  }

  get pid(): number | undefined {
    return this.process?.pid
  }

  get isRunning(): boolean {
    return this.process !== null && this.process.exitCode === null && this.process.signalCode === null
  }

  start(onLeader: (leaderId: string | null, term: number) => void): void {
    const log = openSync(this.plan.log, 'a')
    // In a group of its own, because Ctrl-C goes to the whole group and stopping is our affair; and with our end of its
    // standard input, so that it does not outlive us whatever becomes of us.
    const child = spawn(process.execPath, [process.argv[1] ?? '', ...this.arguments()], {
      stdio: ['pipe', 'pipe', log],
      detached: true,
    })
    closeSync(log)
    this.process = child
    // Behind its last line of output, which may say why.
    child.once('close', (status) => this.announceEnd(status))
    child.once('error', (error) => {
      this.failure = error.message
      this.announceEnd(1)
    })
    if (child.stdout !== null) createInterface({ input: child.stdout }).on('line', (line) => this.note(line, onLeader))
  }

  signal(signal: NodeJS.Signals): void {
    if (this.isRunning) this.process?.kill(signal)
  }

  /** One sentence without its full stop. */
  explainEnd(): string {
    const { exitCode = null, signalCode = null } = this.process ?? {}
    const how = signalCode === null ? `ended with status ${exitCode}` : `was ended by ${signalCode}`
    return `${this.plan.id} (pid ${this.pid}) ${how}${this.failure === null ? '' : `: ${this.failure}`}`
  }

  private arguments(): string[] {
    const { id, cluster, members, clients, data } = this.plan
    const names = ['serve', '--id', id, '--cluster', cluster, '--members', members, '--data', data]
    return [...names, '--client-listen', clients, '--json', '--stop-on-stdin-end']
  }

  private note(line: string, onLeader: (leaderId: string | null, term: number) => void): void {
    const event = JSON.parse(line) as ServeEvent
    if (event.event === 'ready') this.announceReady()
    else if (event.event === 'leader') onLeader(event.leaderId, event.term)
    else if (event.event === 'failed') this.failure = event.message
  }
}
