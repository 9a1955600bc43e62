// Does the package work on every Node that it promises? Packs it, installs the tarball into an empty project, and runs the
// README's quick start there with each of them: as JavaScript, as TypeScript that `tsc` checked and compiled, and as
// TypeScript directly where Node can. Then part 2A of the lab, which must go the same way everywhere.
//
//   npm run package:nodes
//   npm run package:nodes -- --nodes 20.19.0,22.12.0     other versions
//
// The Nodes are npm packages, about 100 MB each, kept in a temporary folder. Needs a registry, and what `npm run build` makes.
import { createHash } from 'node:crypto'
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { runnerImport, transformWithOxc } from 'vite'
import { NODES, nodeOf } from './nodes.js'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const COMPILER_OPTIONS = {
  target: 'ES2023',
  module: 'NodeNext',
  strict: true,
  exactOptionalPropertyTypes: true,
  types: ['node'],
  rootDir: '.',
}
const OK = 'ok'
const NOT_POSSIBLE = '–'

const { pack } = await load('test/package/parcel.ts')
const { Project } = await load('test/package/project.ts')
const { snippetsOf, matchesOutput } = await load('test/docs/snippet.ts')

const { values } = parseArgs({ options: { nodes: { type: 'string', default: NODES } } })
const versions = values.nodes.split(',')
const folder = mkdtempSync(join(tmpdir(), 'quorate-package-nodes-'))
process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
const quickStart = quickStartOf('README.md')
const project = await prepareProject()
const failures = []
const traces = new Set()
console.log(row('node', 'JavaScript', 'tsc, then JavaScript', '.ts directly', 'lab 2A'))
for (const version of versions) await tryOn(version)
if (traces.size > 1) failures.push(`the lab went different ways: ${[...traces].join(', ')}`)
for (const failure of failures) console.error(failure)
console.log(failures.length === 0 ? `all well on ${versions.length} Nodes` : `${failures.length} failures`)
process.exitCode = failures.length === 0 ? 0 : 1

async function load(path) {
  return (await runnerImport(join(ROOT, path), { logLevel: 'silent' })).module
}

/** The page's first program, and what it says that it prints. */
function quickStartOf(page) {
  const [first] = snippetsOf(page, readFileSync(join(ROOT, page), 'utf8')).filter(({ language }) => language === 'ts')
  if (first?.output == null) throw new Error(`${page}: no program in TypeScript with its output`)
  return first
}

async function prepareProject() {
  const project = new Project(join(folder, 'project'))
  const { tarball } = await pack(folder)
  const { devDependencies: pinned } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
  const tools = ['typescript', '@types/node'].map((name) => `${name}@${pinned[name]}`)
  await project.install(tarball, ...tools)
  project.write('quick-start.ts', quickStart.code)
  project.write('tsconfig.json', JSON.stringify({ compilerOptions: COMPILER_OPTIONS, files: ['quick-start.ts'] }))
  const { code, printed, errors } = await project.run('npx', 'tsc', '-p', '.', '--outDir', 'compiled')
  if (code !== 0) throw new Error(`${quickStart.place} does not compile:\n${printed}${errors}`)
  const stripped = await transformWithOxc(quickStart.code, 'quick-start.ts')
  project.write('quick-start.js', stripped.code)
  return project
}

async function tryOn(version) {
  const node = nodeOf(version)
  const results = [
    await tryQuickStart(node, version, 'quick-start.js'),
    await tryQuickStart(node, version, 'compiled/quick-start.js'),
    runsTypeScript(version) ? await tryQuickStart(node, version, 'quick-start.ts') : NOT_POSSIBLE,
    await tryLab(node, version),
  ]
  console.log(row(version, ...results))
}

/** Each time in a folder of its own: the program leaves its data behind. */
async function tryQuickStart(node, version, file) {
  const place = new Project(join(folder, `${version}-${file.replaceAll(/\W/g, '-')}`))
  cpSync(join(project.folder, 'node_modules', 'quorate'), join(place.folder, 'node_modules', 'quorate'), {
    recursive: true,
  })
  place.write(file, readFileSync(join(project.folder, file), 'utf8'))
  const { code, printed, errors } = await place.run(node, file)
  if (code === 0 && matchesOutput(printed, quickStart.output)) return OK
  failures.push(`${file} on Node ${version}: exit status ${code}\n${printed}${errors}`)
  return 'FAILED'
}

/** @returns a digest of every step of every test */
async function tryLab(node, version) {
  const args = ['node_modules/quorate/bin/quorate.js', 'lab', '--run', '2A', '--seed', '1', '--json']
  const { code, printed, errors } = await project.run(node, ...args)
  const hashes = [...printed.matchAll(/"traceHash":"(\w+)"/g)].map(([, hash]) => hash)
  if (code !== 0 || hashes.length === 0) {
    failures.push(`the lab on Node ${version}: exit status ${code}\n${printed}${errors}`)
    return 'FAILED'
  }
  const trace = createHash('sha256').update(hashes.join()).digest('hex').slice(0, 16)
  traces.add(trace)
  return `${hashes.length} passed, trace ${trace}`
}

/** Without a flag since 22.18 and 23.6. */
function runsTypeScript(version) {
  const [major, minor] = version.split('.').map(Number)
  return major >= 24 || (major === 22 && minor >= 18) || (major === 23 && minor >= 6)
}

function row(node, ...cells) {
  const widths = [12, 22, 14, 0]
  return [node.padEnd(10), ...cells.map((cell, i) => cell.padEnd(widths[i]))].join('').trimEnd()
}
