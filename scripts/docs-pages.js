// The site's pages from the project's own: where each one goes, and links that lead there. What a page says of a source
// file or a folder leads to a page that shows it.
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { extname, join, posix } from 'node:path'

/** Where pages are looked for, and what lies there but is none. */
const FOLDERS = ['', 'docs', 'examples']
const NOT_PAGES = new Set(['docs/site'])
const FENCE = '`'.repeat(7)

/** @returns [path on the site, text] of every page but those of the reference */
export function assemble(root) {
  const pages = new Map(pagesIn(root).map((path) => [path, siteOf(path)]))
  const shown = new Set()
  const rewritten = [...pages].map(([path, site]) => {
    const text = readFileSync(join(root, path), 'utf8').replaceAll(/^```hex/gm, '```text')
    return [site, rewriteLinks(text, (link) => target(root, path, link, pages, shown))]
  })
  return [...rewritten, ...[...shown].map((path) => showSource(root, path, shown))]
}

function pagesIn(root) {
  return FOLDERS.flatMap((folder) => {
    const names = readdirSync(join(root, folder), { recursive: folder !== '' })
    return names.map((name) => posix.join(folder, name.replaceAll('\\', '/')))
  }).filter((path) => path.endsWith('.md') && ![...NOT_PAGES].some((folder) => path.startsWith(`${folder}/`)))
}

/** docs/guide/index.md is the site's front page, docs/formats/README.md is formats/, README.md is overview. */
export function siteOf(path) {
  if (path === 'README.md') return 'overview.md'
  return path
    .replace(/^docs\//, '')
    .replace(/^guide\/index\.md$/, 'index.md')
    .replace(/(^|\/)README\.md$/, '$1index.md')
    .replace(/^[A-Z]+\.md$/, (name) => name.toLowerCase())
}

/** Every link in prose that leads to something in the project. */
export function rewriteLinks(text, rewrite) {
  const code = /(^(`{3,})[^]*?^\2$|`[^`\n]+`)/gm
  return text
    .split(code)
    .map((part, i) => {
      // Of three parts one is prose, one is code, one is what its fence was.
      if (i % 3 === 1) return part
      if (i % 3 === 2) return ''
      return part.replaceAll(/\]\((?![a-z]+:|#)([^)\s]+)\)/g, (_, link) => `](${rewrite(link)})`)
    })
    .join('')
}

function target(root, page, link, pages, shown) {
  const [file, anchor] = link.split('#')
  const path = posix.join(posix.dirname(page), file).replace(/\/$/, '')
  if (!existsSync(join(root, path))) throw new Error(`${page}: [${link}]: there is no ${path}`)
  const site = pages.get(path) ?? pages.get(`${path}/README.md`)
  if (site === undefined) shown.add(path)
  const place = `/${site ?? sourceOf(path)}`.replace(/\.md$/, '').replace(/(^|\/)index$/, '$1')
  return anchor === undefined ? place : `${place}#${anchor}`
}

function sourceOf(path) {
  return `source/${path.replace(/\.(\w+)$/, '-$1')}.md`
}

function showSource(root, path, shown) {
  const file = join(root, path)
  const back = '---\nsearch: false\noutline: false\nprev: false\nnext: false\n---\n\n'
  if (statSync(file).isDirectory()) return [sourceOf(path), `${back}# ${path}\n\n${listOf(root, path, shown)}\n`]
  const language = extname(path).slice(1) || 'text'
  const text = readFileSync(file, 'utf8').trimEnd()
  return [sourceOf(path), `${back}# ${path}\n\n${FENCE}${language}:line-numbers\n${text}\n${FENCE}\n`]
}

function listOf(root, folder, shown) {
  const names = readdirSync(join(root, folder)).filter((name) => !name.includes('.test.'))
  return names
    .map((name) => {
      const path = posix.join(folder, name)
      return shown.has(path) ? `- [${name}](/${sourceOf(path).replace(/\.md$/, '')})` : `- ${name}`
    })
    .join('\n')
}
