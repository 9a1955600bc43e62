// One server of the cluster, over all of its processes: started, signalled, asked, and started again.
import { spawn } from 'node:child_process'
import { closeSync, openSync, writeFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { sleep } from './time.js'

const PROGRAM = fileURLToPath(new URL('./server-program.js', import.meta.url))

export class Server {
  /**
   * @param plan `id`, `config` (a path), `configuration` (its content), `log` (a path), `clients` (host and port),
   * `wrapper` (a command that runs the command behind it) and `faults` (a CallFaults, or null)
   */
  constructor(plan) {
    Object.assign(this, plan)
    this.process = null
    /** Whether it may be started when it is found to have ended. */
    this.isHeldDown = false
    this.isStopped = false
    /** Every end of a process: `{ status, signal, failure, wanted }`. */
    this.ends = []
    /** Every leader that it told of: `{ leaderId, term }`. */
    this.leaders = []
    /** How long processes took until they were ready. */
    this.startsMs = []
    this.asked = new Map()
    this.number = 0
    writeFileSync(this.config, JSON.stringify(this.configuration, null, 2))
  }

  get isRunning() {
    return this.process !== null
  }

  /** One that has said that it stops is not, although it may take two seconds more. */
  get isReady() {
    return this.isRunning && this.readyAt !== null && this.failure === null
  }

  start() {
    const [command, ...args] = [...this.wrapper, process.execPath, PROGRAM, '--config', this.config]
    const log = openSync(this.log, 'a')
    const env = { ...process.env, UV_USE_IO_URING: '0', ...this.faults?.environment }
    const stdio = ['pipe', 'pipe', log, 'ipc']
    const child = spawn(command, [...args, '--json', '--stop-on-stdin-end'], { env, stdio })
    closeSync(log)
    Object.assign(this, { process: child, readyAt: null, failure: null, wanted: null, isStopped: false })
    this.startedAt = performance.now()
    this.ended = new Promise((resolve) =>
      child.once('close', (status, signal) => resolve(this.noteEnd(status, signal))),
    )
    child.on('error', () => {})
    child.stdin.on('error', () => {})
    child.on('message', ({ number, ...answer }) => this.asked.get(number)?.(answer))
    createInterface({ input: child.stdout }).on('line', (line) => this.noteLine(line))
  }

  noteLine(line) {
    if (!line.startsWith('{')) return
    const event = JSON.parse(line)
    if (event.event === 'failed') this.failure = event
    if (event.event === 'leader' && event.leaderId !== null) this.leaders.push(event)
    if (event.event !== 'ready') return
    this.readyAt = performance.now()
    this.startsMs.push(this.readyAt - this.startedAt)
  }

  noteEnd(status, signal) {
    this.process = null
    for (const answer of this.asked.values()) answer({ code: 'ended' })
    const end = { status, signal, failure: this.failure, wanted: this.wanted }
    this.ends.push(end)
    return end
  }

  /** @param wanted is noted with the end that comes of it */
  signal(signal, wanted = null) {
    if (this.process === null) return
    if (wanted !== null) this.wanted = wanted
    if (signal === 'SIGSTOP' || signal === 'SIGCONT') this.isStopped = signal === 'SIGSTOP'
    this.process.kill(signal)
  }

  async kill() {
    if (this.process === null) return
    this.signal('SIGKILL', 'kill')
    await this.ended
  }

  /** Asks what clients cannot: `{ change }` or `{ transferTo }`. @returns null when it was done, else why not */
  async ask(question, timeoutMs = 5000) {
    if (!this.isReady || !this.process.connected) return 'it does not run'
    const number = ++this.number
    const answered = new Promise((resolve) => this.asked.set(number, resolve))
    this.process.send({ number, ...question }, () => {})
    const answer = await Promise.race([answered, sleep(timeoutMs).then(() => ({ code: 'no answer in time' }))])
    this.asked.delete(number)
    return answer.code ?? null
  }
}
