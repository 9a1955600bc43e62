/**
 * The site's pages from the project's own: where each one goes, and links that lead there. What a page says of a source
 * file or a folder leads to a page that shows it, because on the site there is no checkout to look into.
 */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { extname, join, posix } from 'node:path'

/** Where pages are looked for; `docs/site` itself has none. */
const FOLDERS = ['', 'docs', 'examples']
const SITE = 'docs/site/'
const FENCE = '`'.repeat(7)
const SOURCE_FRONT = '---\nsearch: false\noutline: false\nprev: false\nnext: false\n---\n\n'

type Page = readonly [path: string, text: string | Uint8Array]

/** The sources that some page links to, and the pictures that it shows. */
interface Shown {
  readonly sources: Set<string>
  readonly pictures: Set<string>
}

/**
 * Every page but those of the reference, by its path on the site.
 *
 * @param root the checkout
 * @throws Error for a link to something that is not there
 */
export function assemble(root: string): Page[] {
  const pages = pagesIn(root)
  const shown: Shown = { sources: new Set(), pictures: new Set() }
  const rewritten = pages.map((path): Page => {
    const text = readFileSync(join(root, path), 'utf8').replaceAll(/^```hex/gm, '```text')
    return [siteOf(path), rewriteLinks(text, (link) => target(root, path, link, shown))]
  })
  const pictures = [...shown.pictures].map((path): Page => [`public${pictureOf(path)}`, readFileSync(join(root, path))])
  return [...rewritten, ...pictures, ...[...shown.sources].map((path) => showSource(root, path, shown))]
}

function pagesIn(root: string): string[] {
  return FOLDERS.flatMap((folder) => {
    const names = readdirSync(join(root, folder), { recursive: folder !== '' }) as string[]
    return names.map((name) => posix.join(folder, name.replaceAll('\\', '/')))
  }).filter((path) => path.endsWith('.md') && !path.startsWith(SITE))
}

/** docs/guide/index.md is the site's front page, docs/formats/README.md is formats/, README.md is overview. */
export function siteOf(path: string): string {
  if (path === 'README.md') return 'overview.md'
  return path
    .replace(/^docs\//, '')
    .replace(/^guide\/index\.md$/, 'index.md')
    .replace(/(^|\/)README\.md$/, '$1index.md')
    .replace(/^[A-Z]+\.md$/, (name) => name.toLowerCase())
}

/** Every link in prose that leads to something in the project; what stands in code is no link. */
export function rewriteLinks(text: string, rewrite: (link: string) => string): string {
  const codeOrLink = /^(`{3,})[\s\S]*?^\1$|`[^`\n]+`|\]\((?![a-z]+:|#)([^)\s]+)\)/gm
  return text.replaceAll(codeOrLink, (found, _fence, link?: string) =>
    link === undefined ? found : `](${rewrite(link)})`,
  )
}

function target(root: string, page: string, link: string, shown: Shown): string {
  const [file = '', anchor] = link.split('#')
  const path = posix.join(posix.dirname(page), file).replace(/\/$/, '')
  if (!existsSync(join(root, path))) throw new Error(`${page}: [${link}]: there is no ${path}`)
  if (/\.(svg|png)$/.test(path)) {
    shown.pictures.add(path)
    return pictureOf(path)
  }
  const place = addressOf(pageAt(root, path) ?? show(path, shown))
  return anchor === undefined ? place : `${place}#${anchor}`
}

/** What lies in `public` is found at the site's root. */
function pictureOf(path: string): string {
  return `/${posix.basename(path)}`
}

/** A folder's page is its README. */
function pageAt(root: string, path: string): string | null {
  if (path.endsWith('.md')) return siteOf(path)
  return existsSync(join(root, path, 'README.md')) ? siteOf(`${path}/README.md`) : null
}

function show(path: string, shown: Shown): string {
  shown.sources.add(path)
  return sourceOf(path)
}

/** A page called log.ts would be taken for a file in TypeScript. */
function sourceOf(path: string): string {
  return `source/${path.replace(/\.(\w+)$/, '-$1')}.md`
}

function addressOf(site: string): string {
  return `/${site}`.replace(/\.md$/, '').replace(/\/index$/, '/')
}

function showSource(root: string, path: string, shown: Shown): Page {
  const title = `${SOURCE_FRONT}# ${path}\n\n`
  if (statSync(join(root, path)).isDirectory()) return [sourceOf(path), `${title}${listOf(root, path, shown)}\n`]
  const language = extname(path).slice(1) || 'text'
  const text = readFileSync(join(root, path), 'utf8').trimEnd()
  return [sourceOf(path), `${title}${FENCE}${language}:line-numbers\n${text}\n${FENCE}\n`]
}

function listOf(root: string, folder: string, shown: Shown): string {
  const paths = readdirSync(join(root, folder)).map((name) => posix.join(folder, name))
  return paths
    .map((path) =>
      shown.sources.has(path)
        ? `- [${posix.basename(path)}](${addressOf(sourceOf(path))})`
        : `- ${posix.basename(path)}`,
    )
    .join('\n')
}
