/**
 * What npm would publish: the tarball, and what may be in it. A rule names a file that should not be there and says why,
 * because nobody looks through eight hundred names.
 */
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

/** The checkout, with a slash at its end. */
export const ROOT: string = fileURLToPath(new URL('../..', import.meta.url))

const run = promisify(execFile)

export interface Parcel {
  /** The path of the tarball. */
  readonly tarball: string
  /** What is in it, as paths from the package's root. */
  readonly files: readonly string[]
  readonly packedBytes: number
}

/** Packs what is built, without building it again. */
export async function pack(folder: string): Promise<Parcel> {
  const args = ['pack', '--json', '--ignore-scripts', '--loglevel=error', '--pack-destination', folder]
  const { stdout } = await run('npm', args, { cwd: ROOT, maxBuffer: 16 * 1024 * 1024 })
  const [report] = JSON.parse(stdout) as [{ filename: string; size: number; files: readonly { path: string }[] }]
  return {
    tarball: join(folder, report.filename),
    files: report.files.map(({ path }) => path),
    packedBytes: report.size,
  }
}

/** And the page of a trace, which the build makes of what lies in src/trace/page. */
const PAPERS: ReadonlySet<string> = new Set([
  ...['package.json', 'README.md', 'LICENSE', 'CHANGELOG.md', 'bin/quorate.js', 'dist/trace/page.html'],
])

/** The files that have no business in the package, each with a reason. */
export function strangersIn(files: readonly string[]): string[] {
  const all = new Set(files)
  return files.flatMap((file) => {
    const reason = PAPERS.has(file) ? null : objectionTo(file, all)
    return reason === null ? [] : [`${file}: ${reason}`]
  })
}

function objectionTo(file: string, all: ReadonlySet<string>): string | null {
  if (/^(src|dist)\/[^/]+\/testing\//.test(file)) return "a folder's test vocabulary is for its own tests"
  if (/\.test\.|\/testdata\//.test(file)) return 'tests stay at home'
  if (/^src\/.+\.ts$/.test(file)) return null
  const [, path, kind] = /^dist\/(.+?)\.(js|js\.map|d\.ts)$/.exec(file) ?? []
  if (path === undefined) return 'neither a source nor what the compiler makes of one'
  if (!all.has(`src/${path}.ts`)) return `its source src/${path}.ts is gone, or is not packed: build again`
  return kind === 'js' && !all.has(`dist/${path}.d.ts`) ? 'it has no types' : null
}

/** The targets of `exports` and `bin` that are not in the package. */
export function missingTargets(manifest: object, files: readonly string[]): string[] {
  const all = new Set(files)
  return targetsOf(manifest).filter((target) => !all.has(target))
}

function targetsOf(manifest: object): string[] {
  const { exports, bin } = manifest as { readonly exports: unknown; readonly bin: unknown }
  const leaves = (value: unknown): string[] =>
    typeof value === 'string' ? [value.replace(/^\.\//, '')] : Object.values(value as object).flatMap(leaves)
  return [exports, bin].flatMap(leaves)
}
