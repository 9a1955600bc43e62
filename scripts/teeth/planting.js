// How a bug comes into a copy of the sources, or of what was compiled from them, and out of it again.
import { cpSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { runnerImport, transformWithOxc } from 'vite'

export const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** What the tests need, besides the sources and the installed packages. */
const TESTS = ['test', 'docs', 'vitest.config.ts', 'tsconfig.base.json', 'tsconfig.test.json', 'tsconfig.json']

/** The exports of these files of test/teeth, all in one object. */
export async function catalogue(...names) {
  const modules = names.map((name) => runnerImport(join(ROOT, `test/teeth/${name}.ts`), { logLevel: 'silent' }))
  return Object.assign({}, ...(await Promise.all(modules)).map(({ module }) => module))
}

/**
 * A copy to plant bugs in: of the sources, of what was compiled, and of the tests when `withTests`. `from` may be such a
 * copy itself: somebody may be writing in the tree, and only the first copy was tried without a bug.
 */
export function workplace(folder, { from = ROOT, withTests = false } = {}) {
  mkdirSync(folder, { recursive: true })
  for (const path of ['package.json', 'src', 'dist', ...(withTests ? TESTS : [])]) {
    if (existsSync(join(from, path))) cpSync(join(from, path), join(folder, path), { recursive: true })
  }
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'))
  return folder
}

/** Plants in the sources of a copy. @returns what takes it out again */
export function plantInSources(folder, places) {
  return rewrite(changedFiles(folder, places).map(({ file, text }) => ({ path: join(folder, file), text })))
}

/** Plants in the compiled files of a copy; only the changed ones are compiled anew. @returns what takes it out again */
export async function plantCompiled(folder, places) {
  const compiled = changedFiles(folder, places).map(async ({ file, text }) => {
    const { code } = await transformWithOxc(text, file, { lang: 'ts', sourcemap: false })
    const path = join(folder, file.replace(/^src/, 'dist').replace(/\.ts$/, '.js'))
    return { path, text: code.replaceAll(/(from ['"]\.[^'"]+)\.ts(['"])/g, '$1.js$2') }
  })
  return rewrite(await Promise.all(compiled))
}

/** The text of each file that the places change, with all changes in it. */
function changedFiles(folder, places) {
  const texts = new Map()
  for (const { file, find, replace } of places) {
    const before = texts.get(file) ?? readFileSync(join(folder, file), 'utf8')
    const found = before.split(find).length - 1
    if (found !== 1) throw new Error(`what is to be replaced occurs ${found} times in ${file}: ${find}`)
    texts.set(
      file,
      before.replace(find, () => replace),
    )
  }
  return [...texts].map(([file, text]) => ({ file, text }))
}

function rewrite(files) {
  const sound = files.map(({ path }) => ({ path, bytes: readFileSync(path) }))
  for (const { path, text } of files) writeFileSync(path, text)
  return () => {
    for (const { path, bytes } of sound) writeFileSync(path, bytes)
  }
}
