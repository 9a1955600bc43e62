// Other versions of Node: npm packages, about 100 MB each, kept in the system's temporary folder. Needs a registry.
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** One of each major version that the package promises, newest last. */
export const NODES = '20.20.2,22.23.3,24.21.0,26.10.0'
const PLATFORM = `${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`
const CACHE = join(tmpdir(), 'quorate-nodes')

/** The program of this version, installed if it is not there yet. */
export function nodeOf(version) {
  const name = `node-${PLATFORM}`
  const home = join(CACHE, version)
  const program = join(home, 'node_modules', name, 'bin', process.platform === 'win32' ? 'node.exe' : 'node')
  if (existsSync(program)) return program
  mkdirSync(home, { recursive: true })
  writeFileSync(join(home, 'package.json'), '{ "private": true }')
  const flags = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error']
  execFileSync('npm', ['install', ...flags, `${name}@${version}`], { cwd: home, shell: process.platform === 'win32' })
  return program
}
