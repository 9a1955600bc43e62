// Compiles the library and the apps, and makes the page that shows a trace. Plain JavaScript, because nothing is built yet when it runs.
import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
for (const folder of [root, join(root, 'apps/server')]) sweep(join(folder, 'src'), join(folder, 'dist'))
execFileSync('npx', ['--no-install', 'tsc', '--build', 'tsconfig.build.json', ...process.argv.slice(2)], {
  cwd: root,
  stdio: 'inherit',
})
execFileSync(process.execPath, [join(root, 'scripts/build-page.js')], { cwd: root, stdio: 'inherit' })

/** The compiler leaves behind what it made of a source that is gone since, and `npm pack` would publish it. */
function sweep(sources, outputs) {
  if (!existsSync(outputs)) return
  for (const file of readdirSync(outputs, { recursive: true })) {
    const [, path] = /^(.+?)\.(js|js\.map|d\.ts)$/.exec(file) ?? []
    if (path !== undefined && !existsSync(join(sources, `${path}.ts`))) rmSync(join(outputs, file))
  }
}
