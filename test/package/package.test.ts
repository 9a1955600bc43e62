// The package as npm would publish it, and as a stranger finds it who installs it into an empty project.

import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { missingTargets, type Parcel, pack, ROOT, strangersIn } from './parcel.ts'
import { Project } from './project.ts'

const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
  readonly version: string
  readonly exports: { readonly [path: string]: unknown }
}
const faces = Object.keys(manifest.exports)
  .filter((path) => !/\.(json|html)$/.test(path))
  .map((path) => path.replace(/^\./, 'quorate'))

const folder = mkdtempSync(join(tmpdir(), 'quorate-package-'))
const tool = (name: string): string => join(ROOT, 'node_modules', '.bin', name)
let parcel: Parcel
let project: Project
beforeAll(async () => {
  parcel = await pack(folder)
  project = new Project(join(folder, 'project'))
  await project.install(parcel.tarball)
}, 60_000)
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('the tarball', () => {
  test('holds sources, what the compiler makes of them, and a few papers', () => {
    expect(strangersIn(parcel.files)).toEqual([])
    expect(missingTargets(manifest, parcel.files)).toEqual([])
    expect(parcel.files).toEqual(expect.arrayContaining(['README.md', 'LICENSE', 'CHANGELOG.md', 'bin/quorate.js']))
  })

  test('is under a megabyte and a half', () => {
    expect(parcel.packedBytes).toBeLessThan(1_500_000)
  })

  test('is accepted by publint', async () => {
    const { code, printed } = await project.run(tool('publint'), 'run', '--strict', parcel.tarball)
    expect({ code, printed }).toEqual({ code: 0, printed: expect.stringContaining('All good!') })
  }, 60_000)

  test('is accepted by attw, as ES modules only', async () => {
    const page = ['--exclude-entrypoints', './trace/page.html']
    const args = [parcel.tarball, '--profile', 'esm-only', '--format', 'json', ...page]
    // Into a file: it ends before a pipe has taken more than 64 KB.
    const { code } = await project.run('sh', '-c', '"$@" > attw.json', 'sh', tool('attw'), ...args)
    const { problems } = JSON.parse(readFileSync(join(project.folder, 'attw.json'), 'utf8')) as {
      readonly problems: object
    }
    expect({ code, kinds: Object.keys(problems).sort() }).toEqual({
      code: 0,
      // What it says of require(), which the profile leaves aside.
      kinds: ['CJSResolvesToESM', 'NoResolution'],
    })
  }, 60_000)
})

describe('a file that should not be published is found:', () => {
  test.each([
    ['src/raft/log.test.ts', 'tests stay at home'],
    ['src/raft/testdata/figure-8.ts', 'tests stay at home'],
    ['dist/raft/testing/cluster.js', "a folder's test vocabulary is for its own tests"],
    ['dist/.pure.tsbuildinfo', 'neither a source nor what the compiler makes of one'],
    ['dist/raft/gone.js', 'its source src/raft/gone.ts is gone, or is not packed: build again'],
    ['data/a/identity', 'neither a source nor what the compiler makes of one'],
  ])('%s', (file, reason) => {
    expect(strangersIn(['README.md', file])).toEqual([`${file}: ${reason}`])
  })

  test('so is JavaScript without types, and an export without a file', () => {
    expect(strangersIn(['src/a.ts', 'dist/a.js', 'dist/a.js.map'])).toEqual(['dist/a.js: it has no types'])
    const exports = { '.': { types: './dist/a.d.ts', default: './dist/a.js' } }
    expect(missingTargets({ exports, bin: { a: 'bin/a.js' } }, ['dist/a.js'])).toEqual(['dist/a.d.ts', 'bin/a.js'])
  })
})

describe('installed in an empty project', () => {
  test.each(faces)('%s can be imported', async (face) => {
    project.write('face.js', `console.log(Object.keys(await import('${face}')).length > 0)`)
    expect(await project.run(process.execPath, 'face.js')).toEqual({ code: 0, printed: 'true\n', errors: '' })
  })

  test.each([
    ['NodeNext', 'NodeNext', 'ES2023'],
    ['Preserve', 'Bundler', 'ESNext'],
  ])(
    'its types hold without skipLibCheck: module %s, resolution %s, lib %s',
    async (module, moduleResolution, lib) => {
      const types = { types: ['node'], typeRoots: [join(ROOT, 'node_modules', '@types')] }
      const compilerOptions = { module, moduleResolution, lib: [lib], strict: true, noEmit: true, ...types }
      project.write('tsconfig.json', JSON.stringify({ compilerOptions, files: ['faces.ts'] }))
      project.write('faces.ts', faces.map((face, i) => `export * as face${i} from '${face}'`).join('\n'))
      expect(await project.run(tool('tsc'), '-p', '.')).toEqual({ code: 0, printed: '', errors: '' })
    },
    60_000,
  )

  test('its command says its version, and runs the lab', async () => {
    const installed = join('node_modules', '.bin', 'quorate')
    expect(await project.run('npx', 'quorate', '--version')).toEqual({
      code: 0,
      printed: `${manifest.version}\n`,
      errors: '',
    })
    const { code, printed, errors } = await project.run(installed, 'lab', '--run', '2A', '--seed', '1')
    expect({ code, passed: printed.match(/Passed/g)?.length, errors }).toEqual({ code: 0, passed: 3, errors: '' })
  }, 60_000)

  test('a command of the server says in one line which package it comes with', async () => {
    expect(await project.run(join('node_modules', '.bin', 'quorate'), 'serve')).toEqual({
      code: 2,
      printed: '',
      errors: 'quorate serve comes with the package @quorate/server: npm install @quorate/server\n',
    })
  }, 60_000)
})
