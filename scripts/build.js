// Compiles the library and the apps. Plain JavaScript, because nothing is built yet when it runs.
import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
execFileSync('npx', ['--no-install', 'tsc', '--build', 'tsconfig.build.json', ...process.argv.slice(2)], {
  cwd: root,
  stdio: 'inherit',
})
