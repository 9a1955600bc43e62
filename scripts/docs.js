// Builds the documentation as a static site in docs/site/dist/site: the guide, the formats, the decisions, and the API
// reference from the doc comments. A dead link fails it, and so does a public type that the reference does not know.
//
//   npm run docs
//   npm run docs -- --preview     then shows it at http://localhost:4173
//
// Its tools are not among the project's own: they are installed in docs/site when first needed, which takes a registry.
import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { runnerImport } from 'vite'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const SITE = join(ROOT, 'docs/site')
const PAGES = join(SITE, 'dist/pages')
const BINARIES = { typedoc: 'typedoc', vitepress: 'vitepress.js' }

const { values } = parseArgs({ options: { preview: { type: 'boolean', default: false } } })
installTools()
rmSync(join(SITE, 'dist'), { recursive: true, force: true })
run('typedoc', '--logLevel', 'Warn')
renameIndexType()
const { module: pages } = await runnerImport(join(SITE, 'pages.ts'), { logLevel: 'silent' })
for (const [path, text] of pages.assemble(ROOT)) {
  mkdirSync(dirname(join(PAGES, path)), { recursive: true })
  writeFileSync(join(PAGES, path), text)
}
run('vitepress', 'build')
console.log('the site is in docs/site/dist/site; npm run docs -- --preview shows it')
if (values.preview) run('vitepress', 'preview')

/** Again only when the lock file has changed. */
function installTools() {
  const [lock, installed] = [join(SITE, 'package-lock.json'), join(SITE, 'node_modules/.installed-lock.json')]
  if (existsSync(installed) && readFileSync(installed, 'utf8') === readFileSync(lock, 'utf8')) return
  console.log('installing what builds the site (150 MB)')
  execute('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'])
  cpSync(lock, installed)
}

/** A page for the type `Index` is an index page to a web server. */
function renameIndexType() {
  const pages = readdirSync(PAGES, { recursive: true }).filter((path) => path.endsWith('.md'))
  for (const path of pages) {
    const file = join(PAGES, path)
    const text = readFileSync(file, 'utf8')
    writeFileSync(file, text.replaceAll('type-aliases/Index.md', 'type-aliases/LogIndex.md'))
    if (path.endsWith(join('type-aliases', 'Index.md'))) renameSync(file, join(dirname(file), 'LogIndex.md'))
  }
}

function run(tool, ...args) {
  execute(process.execPath, [join(SITE, 'node_modules', tool, 'bin', BINARIES[tool]), ...args])
}

function execute(program, args) {
  const { status } = spawnSync(program, args, {
    cwd: SITE,
    stdio: 'inherit',
    shell: program === 'npm' && process.platform === 'win32',
  })
  if (status !== 0) process.exit(status ?? 1)
}
