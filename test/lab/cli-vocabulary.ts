// What the tests of the command line share: the command itself, as a user starts it, in an empty folder of its own.

import { execFile, execFileSync, spawn } from 'node:child_process'
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const BIN = join(ROOT, 'bin/quorate.js')

export const SKELETON: string = join(ROOT, 'examples/my-raft/my-raft.js')

/** The command runs what was compiled: so that is brought up to date first. Type errors are other tests' business. */
export function build(): void {
  try {
    execFileSync(process.execPath, [join(ROOT, 'scripts/build.js')], { stdio: 'ignore' })
  } catch {
    // What cannot be compiled at all fails in the tests.
  }
}

const folders: string[] = []

export function emptyFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'quorate-cli-'))
  folders.push(folder)
  return folder
}

/** Removes what `emptyFolder` made. */
export function removeFolders(): void {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true })
}

export interface Outcome {
  readonly status: number
  /** Lines of stdout. */
  readonly lines: readonly string[]
  readonly stdout: string
  readonly stderr: string
}

/** Runs `quorate` with these arguments in a folder. */
export function quorateIn(folder: string, ...args: string[]): Promise<Outcome> {
  return start(BIN, folder, args)
}

/** Runs a copy of the package without its neighbours, as it is installed where nobody asked for them. */
export function runCopy(...args: string[]): Promise<Outcome> {
  const folder = emptyFolder()
  for (const part of ['bin', 'dist', 'package.json']) cpSync(join(ROOT, part), join(folder, part), { recursive: true })
  return start(join(folder, 'bin/quorate.js'), folder, args)
}

function start(bin: string, folder: string, args: readonly string[]): Promise<Outcome> {
  return new Promise((resolve) => {
    execFile(process.execPath, [bin, ...args], { cwd: folder }, (error, stdout, stderr) => {
      const status = error === null ? 0 : Number(error.code ?? -1)
      resolve({ status, stdout, stderr, lines: stdout.trimEnd().split('\n') })
    })
  })
}

export function quorate(...args: string[]): Promise<Outcome> {
  return quorateIn(emptyFolder(), ...args)
}

/** Runs `quorate` and interrupts it, as Ctrl-C does, when it has printed a few lines. */
export function interruptedQuorate(afterLines: number, ...args: string[]): Promise<Omit<Outcome, 'stderr'>> {
  const child = spawn(process.execPath, [BIN, ...args], { cwd: emptyFolder(), stdio: ['ignore', 'pipe', 'inherit'] })
  let stdout = ''
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk.toString()
    if (stdout.split('\n').length > afterLines && !child.killed) child.kill('SIGINT')
  })
  return new Promise((resolve) => {
    child.on('close', (status) => resolve({ status: status ?? -1, stdout, lines: stdout.trimEnd().split('\n') }))
  })
}

/** The objects of `quorate lab --json`: one for each run, then the summary. */
export async function quorateJson(...args: string[]): Promise<Record<string, unknown>[]> {
  const { lines } = await quorate('lab', '--json', ...args)
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>)
}

/** A module in a new folder; `OURS` in its text is where our own Raft can be imported from. */
export function writeRaft(text: string): string {
  const file = join(emptyFolder(), 'raft.mjs')
  writeFileSync(file, text.replaceAll('OURS', pathToFileURL(join(ROOT, 'dist/lab/raft.js')).href))
  return file
}

/** A Raft that does nothing but this, in an instance's background. */
export function idleRaft(loop: string): string {
  return writeRaft(`
    const shared = []
    export const make = (peers, me, persister, applyCh, env) => {
      let dead = false
      const raft = {
        handlers: { 'Raft.Hello': () => ({}) },
        start: () => ({ index: -1, term: 0, isLeader: false }),
        getState: () => ({ term: 0, isLeader: false }),
        snapshot: () => {},
        condInstallSnapshot: () => true,
        kill: () => { dead = true },
        killed: () => dead,
      }
      env.go(async () => { ${loop} })
      return raft
    }`)
}
