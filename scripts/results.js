// What a long run leaves for other programs: one object in one file, with what was run, when, and how long it took.
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('..', import.meta.url))

/** @param begunAt of `Date.now()`; @param body what the run itself has to say */
export function writeResult(file, name, begunAt, body) {
  writeFileSync(file, `${JSON.stringify(resultOf(name, begunAt, body), null, 2)}\n`)
}

/** The same, not written. */
export function resultOf(name, begunAt, body) {
  const durationMs = Date.now() - begunAt
  const date = new Date(begunAt).toISOString()
  return { name, commit: commit(), date, durationMs, node: process.versions.node, ...body }
}

/** Null outside of a clone; with a plus when files differ from it. */
export function commit() {
  try {
    const git = (...args) => execFileSync('git', args, { cwd: ROOT, encoding: 'utf8', stdio: 'pipe' }).trim()
    const isClean = git('status', '--porcelain', '--untracked-files=no') === ''
    return git('rev-parse', 'HEAD') + (isClean ? '' : '+')
  } catch {
    return null
  }
}
