// What a long run leaves for other programs: one object in one file, with what was run, when, and how long it took.
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('..', import.meta.url))

/** @param begunAt of `Date.now()`; @param body what the run itself has to say */
export function writeResult(file, name, begunAt, body) {
  const result = {
    name,
    commit: commit(),
    date: new Date(begunAt).toISOString(),
    durationMs: Date.now() - begunAt,
    node: process.versions.node,
    ...body,
  }
  writeFileSync(file, `${JSON.stringify(result, null, 2)}\n`)
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
