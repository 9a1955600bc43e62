// Child processes that may never end: a bug may make anything run for ever.
import { spawn } from 'node:child_process'

/** What runs at the moment: the process ids of its leaders. */
const running = new Set()
process.on('exit', () => {
  for (const pid of running) killGroup(pid)
})
process.on('SIGINT', () => process.exit(130))
process.on('SIGTERM', () => process.exit(143))

/**
 * Runs Node in a process group of its own, and kills the group when it takes longer than `limitMs`, or when `onLine`
 * says so by returning true: it is told of each line that comes.
 *
 * @returns the exit code, null when it was killed; whether the time was up; and what was printed where
 */
export function runNode(args, { cwd, limitMs, onLine = () => false }) {
  const child = spawn(process.execPath, args, { cwd, detached: true, stdio: ['ignore', 'pipe', 'pipe'] })
  running.add(child.pid)
  const result = { code: null, isLate: false, output: '', errors: '' }
  let rest = ''
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      result.isLate = true
      killGroup(child.pid)
    }, limitMs)
    child.stdout.setEncoding('utf8').on('data', (text) => {
      result.output += text
      const lines = (rest + text).split('\n')
      rest = lines.pop()
      for (const line of lines) if (onLine(line)) killGroup(child.pid)
    })
    child.stderr.setEncoding('utf8').on('data', (text) => {
      result.errors += text
    })
    child.on('error', reject)
    child.on('close', (code) => {
      clearTimeout(timer)
      running.delete(child.pid)
      resolve({ ...result, code })
    })
  })
}

/** A child's own children have to go as well. */
function killGroup(pid) {
  try {
    process.kill(-pid, 'SIGKILL')
  } catch (error) {
    if (error.code !== 'ESRCH') throw error
  }
}
