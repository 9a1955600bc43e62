/**
 * A real server for a test: `quorate serve` as a process of its own, with a folder under the system's temporary one.
 * Whatever becomes of the test, `killAll` ends every process and removes every folder.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

export const BIN: string = fileURLToPath(new URL('../../bin/quorate.js', import.meta.url))
const BUILT = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url))
const READY_TIMEOUT_MS = 20_000

export interface ServeEvent {
  readonly event: 'ready' | 'leader' | 'stopped' | 'failed'
  readonly code?: string
  readonly message?: string
}

export interface End {
  readonly status: number | null
  readonly signal: NodeJS.Signals | null
}

const processes = new Set<QuorateProcess>()
const folders: string[] = []

/** Any `quorate` command, watched. */
export class QuorateProcess {
  readonly events: ServeEvent[] = []
  readonly ended: Promise<End>
  stdout = ''
  stderr = ''
  private readonly child: ChildProcess

  /** @param wrapper a command that runs the command that follows it */
  constructor(args: readonly string[], wrapper: readonly string[] = [], cwd: string = process.cwd()) {
    if (!existsSync(BUILT)) throw new Error('these tests run what was built: npm run build')
    const [command = process.execPath, ...rest] = [...wrapper, process.execPath, BIN, ...args]
    const child = spawn(command, rest, { cwd, stdio: ['ignore', 'pipe', 'pipe'] })
    this.child = child
    this.ended = new Promise((resolve) => {
      child.once('close', (status, signal) => {
        processes.delete(this)
        resolve({ status, signal })
      })
    })
    createInterface({ input: child.stdout }).on('line', (line) => this.note(line))
    child.stderr.on('data', (piece) => {
      this.stderr += piece
    })
    processes.add(this)
  }

  get pid(): number | undefined {
    return this.child.pid
  }

  signal(signal: NodeJS.Signals): void {
    this.child.kill(signal)
  }

  /** @throws Error with everything that it printed when it ends or takes too long */
  async until(what: string, isTrue: () => boolean, timeoutMs: number = READY_TIMEOUT_MS): Promise<void> {
    let hasEnded = false
    void this.ended.then(() => {
      hasEnded = true
    })
    const deadline = performance.now() + timeoutMs
    while (!isTrue()) {
      if (hasEnded || performance.now() > deadline) {
        throw new Error(`${hasEnded ? 'ended' : 'too late'} before ${what}:\n${this.stdout}${this.stderr}`)
      }
      await sleep(5)
    }
  }

  untilReady(): Promise<void> {
    return this.until('ready', () => this.events.some(({ event }) => event === 'ready'))
  }

  private note(line: string): void {
    this.stdout += `${line}\n`
    if (line.startsWith('{')) this.events.push(JSON.parse(line) as ServeEvent)
  }
}

/** For afterEach. */
export async function killAll(): Promise<void> {
  const victims = [...processes]
  for (const victim of victims) {
    // SIGKILL also ends what SIGSTOP holds.
    victim.signal('SIGKILL')
  }
  await Promise.all(victims.map((victim) => victim.ended))
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
}

export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'quorate-test-'))
  folders.push(folder)
  return folder
}

/** Below those that the system gives to outgoing connections: one of them may take a port that was free a moment ago. */
const FIRST_PORT = 10_000
const PORTS = 22_000

/** This many in a row that nobody listens at. */
export async function freePortsInRow(count: number): Promise<number> {
  for (;;) {
    const first = FIRST_PORT + Math.floor(Math.random() * (PORTS - count))
    const areFree = await Promise.all(Array.from({ length: count }, (_, i) => isFree(first + i)))
    if (areFree.every(Boolean)) return first
  }
}

/** Ports that nobody listens at. */
export async function freePorts(count: number): Promise<number[]> {
  const found = new Set<number>()
  while (found.size < count) found.add(await freePortsInRow(1))
  return [...found]
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer().once('error', () => resolve(false))
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)))
  })
}

export function sleep(delayMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, delayMs))
}

/** Waits for what other processes do. @throws Error when it does not come true in time */
export async function eventually(
  what: string,
  isTrue: () => Promise<boolean>,
  timeoutMs: number = READY_TIMEOUT_MS,
): Promise<void> {
  const deadline = performance.now() + timeoutMs
  while (!(await isTrue())) {
    if (performance.now() > deadline) throw new Error(`not within ${timeoutMs} ms: ${what}`)
    await sleep(20)
  }
}

export function readJson(path: string): object {
  return JSON.parse(readFileSync(path, 'utf8')) as object
}

export function writeJson(path: string, content: object): void {
  writeFileSync(path, JSON.stringify(content))
}
