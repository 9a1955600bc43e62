/** The project's own files, as the rules see them: whatever a checkout holds, and nothing that was installed or built. */
import { readdirSync, readFileSync } from 'node:fs'
import { parse, type SourceFile } from './source-file.ts'
import type { TextFile } from './wording.ts'

const ROOT: URL = new URL('../../', import.meta.url)
const NOT_OURS: ReadonlySet<string> = new Set(['node_modules', 'dist', '.git', 'coverage', '.quorate', 'data'])
const TEXT = /\.(ts|js|mjs|json|md|txt|yml|yaml|html|css)$|^\.(ci|github)\/|(^|\/)(LICENSE|\.npmrc|\.gitignore)$/

/** The path of every file, from the root, with slashes. */
export function listFiles(folder = ''): string[] {
  return readdirSync(new URL(folder, ROOT), { withFileTypes: true })
    .filter(({ name }) => !NOT_OURS.has(name))
    .flatMap((item) => (item.isDirectory() ? listFiles(`${folder}${item.name}/`) : [`${folder}${item.name}`]))
    .sort()
}

export function readText(path: string): TextFile {
  return { path, text: readFileSync(new URL(path, ROOT), 'utf8') }
}

/** Sources, pages and configurations. */
export function readTexts(paths: readonly string[]): TextFile[] {
  return paths.filter((path) => TEXT.test(path)).map(readText)
}

/** Everything in TypeScript. */
export function readSources(paths: readonly string[]): SourceFile[] {
  return paths.filter((path) => path.endsWith('.ts')).map((path) => parse(path, readText(path).text))
}
