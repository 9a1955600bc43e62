// Runs one task of `npm run prove`: a program whose result is one object, printed or written to a file.
import { spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { resultOf } from '../results.js'

/** What is said of a task that has nothing left to do. */
export const NO_TIME = 'no time left'

/** How often there is a sign of life. */
const SIGN_MS = 30_000
/** Of `quorate explore`: a limit came first. */
const LIMITED = 3
/** This machine cannot do it, or it was called wrongly: it has said which. */
const REFUSED = 2

/**
 * @param say is handed lines of progress
 * @returns { result, isSound, words }: the result is null when there is none, and `words` say why
 */
export async function perform(name, { command, stdout: isPrinted = false }, folder, before, say) {
  const file = join(folder, `${name}-${before.length}.json`)
  const args = command(file, before)
  if (args === null) return { result: null, isSound: true, words: NO_TIME }
  const begunAt = Date.now()
  const { status, output, errors } = await run(args, say)
  const printed = isPrinted ? resultIn(output) : null
  const result =
    printed === null
      ? existsSync(file)
        ? JSON.parse(readFileSync(file, 'utf8'))
        : null
      : resultOf(name, begunAt, printed)
  const isSound = status === 0 || (name === 'explore' && status === LIMITED)
  if (result !== null) return { result, isSound, words: isSound ? '' : `exit status ${status}` }
  const last = `${errors}${output}`.trimEnd().split('\n').at(-1)
  return { result: null, isSound: status === REFUSED, words: `no result, exit status ${status}: ${last}` }
}

function resultIn(output) {
  const line = output.split('\n').find((one) => one.startsWith('{'))
  return line === undefined ? null : JSON.parse(line)
}

function run(args, say) {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] })
    let [output, errors] = ['', '']
    let last = ''
    const begunAt = performance.now()
    const note = (text) => {
      last = text.trimEnd().split('\n').at(-1)?.slice(0, 100) ?? last
    }
    child.stdout.setEncoding('utf8').on('data', (text) => {
      output += text
      note(text)
    })
    child.stderr.setEncoding('utf8').on('data', (text) => {
      errors += text
      note(text)
    })
    const timer = setInterval(() => {
      const seconds = Math.round((performance.now() - begunAt) / 1000)
      say(`  ${seconds} s${last === '' || last.startsWith('{') ? '' : `: ${last}`}`)
    }, SIGN_MS)
    child.on('close', (status) => {
      clearInterval(timer)
      resolve({ status, output, errors })
    })
  })
}
