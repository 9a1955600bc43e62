// The site's frame: what is in its menus. The pages are put together by pages.ts, their titles are read here.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const PAGES = fileURLToPath(new URL('../dist/pages', import.meta.url))
const GUIDE = [
  'getting-started',
  'state-machines',
  'sessions',
  'recipes-election',
  'recipes-lock',
  'recipes-map',
  'membership',
  'groups',
  'operations',
  'failure-modes',
  'security',
  'server',
  'lab',
  'check',
  'simulator',
  'chaos',
  'explore',
  'trace',
]
const MODULES = ['', 'raft', 'storage', 'transport', 'kv', 'recipes', 'sim', 'check', 'trace', 'lab', 'testing']
const KINDS = {
  functions: 'Functions',
  classes: 'Classes',
  interfaces: 'Interfaces',
  'type-aliases': 'Types',
  variables: 'Values',
}

const guide = [
  { text: 'What it is', link: '/' },
  ...GUIDE.flatMap((name) => itemOf(`guide/${name}.md`)),
  ...itemOf('guide/comparison.md'),
  ...itemOf('correctness.md'),
  ...itemOf('specification.md'),
  ...itemOf('performance.md'),
  ...itemOf('lab-figures.md'),
]
const project = ['overview', 'architecture', 'contributing', 'security', 'changelog'].flatMap((name) =>
  itemOf(`${name}.md`),
)
const about = [
  { text: 'Guide', items: guide },
  { text: 'Formats', collapsed: true, items: sectionOf('formats') },
  { text: 'Decisions', collapsed: true, items: sectionOf('decisions') },
  { text: 'Project', collapsed: true, items: project },
]

export default {
  title: 'Quorate',
  description: 'Raft for TypeScript',
  srcDir: 'dist/pages',
  outDir: 'dist/site',
  cacheDir: 'dist/cache',
  themeConfig: {
    nav: [
      { text: 'Guide', link: '/' },
      { text: 'Reference', link: '/reference/' },
    ],
    sidebar: {
      '/': about,
      '/reference/': menuOf(null),
      ...Object.fromEntries(MODULES.map((name) => [`/${folderOf(name)}/`, menuOf(name)])),
    },
    outline: [2, 3],
    search: { provider: 'local' },
  },
}

/** None when the page is not there: each chapter may come when it comes. */
function itemOf(path) {
  if (!existsSync(join(PAGES, path))) return []
  const [, title] = /^# (.*)$/m.exec(readFileSync(join(PAGES, path), 'utf8')) ?? [path, path]
  return [{ text: title.replaceAll('`', ''), link: `/${path.replace(/(^|\/)index\.md$/, '$1').replace(/\.md$/, '')}` }]
}

function sectionOf(folder) {
  const names = readdirSync(join(PAGES, folder)).filter((name) => name !== 'index.md')
  return ['index.md', ...names.sort()].flatMap((name) => itemOf(`${folder}/${name}`))
}

/** All entry points, and what is in the one that is being read: all in all would be 150 KB a page. */
function menuOf(current) {
  return MODULES.map((name) => {
    const items = name === current ? itemsOf(folderOf(name)) : []
    return { text: `quorate${name && `/${name}`}`, link: `/${folderOf(name)}/`, items }
  })
}

function folderOf(name) {
  return `reference/quorate${name && `/${name}`}`
}

function itemsOf(folder) {
  return Object.entries(KINDS).flatMap(([kind, text]) => {
    const files = existsSync(join(PAGES, folder, kind)) ? readdirSync(join(PAGES, folder, kind)) : []
    const names = files.map((file) => file.replace(/\.md$/, ''))
    return names.length === 0
      ? []
      : [
          {
            text,
            items: names.map((name) => ({
              text: name.replace(/^LogIndex$/, 'Index'),
              link: `/${folder}/${kind}/${name}`,
            })),
          },
        ]
  })
}
