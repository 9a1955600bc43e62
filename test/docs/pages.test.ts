// The site is put together from pages that were written for a checkout: each gets its place, and links lead there.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { assemble, rewriteLinks, siteOf } from '../../docs/site/pages.ts'

const site = new Map(assemble(fileURLToPath(new URL('../..', import.meta.url))))

describe('a page on the site', () => {
  test.each([
    ['docs/guide/index.md', 'index.md'],
    ['docs/guide/lab.md', 'guide/lab.md'],
    ['docs/formats/README.md', 'formats/index.md'],
    ['README.md', 'overview.md'],
    ['ARCHITECTURE.md', 'architecture.md'],
    ['examples/my-raft/README.md', 'examples/my-raft/index.md'],
  ])('%s is at %s', (path, place) => {
    expect(siteOf(path)).toBe(place)
    expect(site.has(place)).toBe(true)
  })

  test('shows pictures, which lie at the root', () => {
    expect(site.get('performance.md')).toContain('](/performance.svg)')
    expect(Buffer.from(site.get('public/performance.svg') ?? '').toString()).toContain('<svg')
    expect(
      Buffer.from(site.get('public/trace-violation.png') ?? '')
        .subarray(1, 4)
        .toString(),
    ).toBe('PNG')
  })

  test('links to pages, with their anchors, and to sources that it shows', () => {
    expect(site.get('architecture.md')).toContain('[CONTRIBUTING.md](/contributing#how-to-add-a-test)')
    expect(site.get('architecture.md')).toContain('[raft.ts](/source/src/raft/raft-ts)')
    expect(site.get('source/src/raft/raft-ts.md')).toContain('export class Raft {')
    expect(site.get('source/src/raft.md')).toContain('- [raft.ts](/source/src/raft/raft-ts)\n')
  })

  test('leaves code alone, and links that lead elsewhere', () => {
    const text = '[a](b.md) `[a](b.md)` [c](https://c.org) [d](#d)\n```md\n[a](b.md)\n```\n[e](f.md)'
    expect(rewriteLinks(text, (link) => link.toUpperCase())).toBe(
      text.replace('[a](b.md)', '[a](B.MD)').replace('(f.md)', '(F.MD)'),
    )
  })

  test('whose link leads nowhere is refused', () => {
    const root = mkdtempSync(join(tmpdir(), 'quorate-pages-'))
    for (const folder of ['docs', 'examples']) mkdirSync(join(root, folder))
    writeFileSync(join(root, 'README.md'), 'See [the plan](docs/plan.md).')
    expect(() => assemble(root)).toThrow('README.md: [docs/plan.md]: there is no docs/plan.md')
    rmSync(root, { recursive: true })
  })
})
