/** What the packages depend on, and whether what the pages point at is there. */
import { posix } from 'node:path'
import type { Violation } from './source-file.ts'
import type { TextFile } from './wording.ts'

const FIELDS = ['dependencies', 'devDependencies', 'peerDependencies', 'optionalDependencies'] as const
/** Perhaps under another name: `npm:@typescript/typescript6@6.0.2`. */
const EXACT = /^(npm:[@\w./-]+@)?\d+\.\d+\.\d+(-[\w.]+)?$/
/** The library's folder, as an app names it. */
const WORKSPACE = /^file:(\.\.\/)+\.\.$|^file:\.\.\/\.\.$/

type Manifest = { readonly [Field in (typeof FIELDS)[number]]?: { readonly [name: string]: string } }

/** The library's own manifest: nothing that a user would have to install with it. */
export function checkNoDependencies({ path, text }: TextFile): Violation[] {
  const manifest = JSON.parse(text) as Manifest
  return FIELDS.filter((field) => field !== 'devDependencies').flatMap((field) =>
    Object.keys(manifest[field] ?? {}).map((name) => `${path}: ${field} has ${name}: the library depends on nothing`),
  )
}

export function checkPinned(manifests: readonly TextFile[]): Violation[] {
  return manifests.flatMap(({ path, text }) => {
    const manifest = JSON.parse(text) as Manifest
    return FIELDS.flatMap((field) => Object.entries(manifest[field] ?? {}))
      .filter(([, version]) => !EXACT.test(version) && !WORKSPACE.test(version))
      .map(([name, version]) => `${path}: ${name} is "${version}": pin it to one version, such as 1.2.3`)
  })
}

/** @param files every file of the project, by path */
export function checkLinks(pages: readonly TextFile[], files: ReadonlySet<string>): Violation[] {
  const anchors = new Map(pages.map(({ path, text }) => [path, anchorsOf(text)]))
  return pages.flatMap((page) =>
    linksOf(page.text).flatMap((link) => {
      const reason = refuseLink(page.path, link, files, anchors)
      return reason === null ? [] : [`${page.path}: [${link}]: ${reason}`]
    }),
  )
}

function refuseLink(
  page: string,
  link: string,
  files: ReadonlySet<string>,
  anchors: ReadonlyMap<string, ReadonlySet<string>>,
): string | null {
  const [file = '', anchor = ''] = link.split('#')
  const target = file === '' ? page : posix.join(posix.dirname(page), file).replace(/\/$/, '')
  const isThere = files.has(target) || [...files].some((path) => path.startsWith(`${target}/`))
  if (!isThere) return `there is no ${target}`
  if (anchor === '' || !anchors.has(target)) return null
  return anchors.get(target)?.has(anchor) === true ? null : `${target} has no heading #${anchor}`
}

/** Links within the project, in prose: what stands in code is no link. */
function linksOf(text: string): string[] {
  const links = withoutCode(text).matchAll(/\[[^\]]*\]\(([^)\s]+)[^)]*\)/g)
  return [...links].map(([, link = '']) => link).filter((link) => !/^[a-z]+:/.test(link))
}

function anchorsOf(text: string): ReadonlySet<string> {
  const headings = [...withoutFences(text).matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) => heading)
  return new Set(
    headings.map((heading) =>
      heading
        .toLowerCase()
        .replaceAll(/[^\w\s-]/g, '')
        .trim()
        .replaceAll(' ', '-'),
    ),
  )
}

function withoutCode(text: string): string {
  return withoutFences(text).replaceAll(/`[^`\n]*`/g, '')
}

function withoutFences(text: string): string {
  return text.replaceAll(/^```[\s\S]*?^```/gm, '')
}
