import { existsSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { configDefaults, defineConfig } from 'vitest/config'

const TESTS = ['src/**/*.test.ts', 'test/**/*.test.ts', 'apps/*/src/**/*.test.ts']

/**
 * Each in a process of its own, which costs a quarter of a second of processor time: the race check slows every promise
 * down in the process that it was used in, and whoever measures memory must be alone with it.
 */
const APART = ['src/lab/race.test.ts', 'src/cli/{ambient,recorder}.test.ts', 'test/lab/*.test.ts']

/**
 * `--mode built`, as `npm test` runs: the tests import what `npm run build` made of the sources, so Node loads them as
 * it does for users. Vitest's own loader puts a getter before every imported name, which made tests that store and
 * recover a log 200,000 times take twice as long. Without it, as `npx vitest src/raft` runs: the sources as they are now.
 */
const built = {
  name: 'built',
  enforce: 'pre' as const,
  resolveId(source: string, importer: string | undefined) {
    if (importer === undefined || !source.startsWith('.') || !source.endsWith('.ts')) return null
    const [, root, path] = /^(.*)\/src\/(.*)\.ts$/.exec(resolve(dirname(importer), source)) ?? []
    const output = `${root}/dist/${path}.js`
    return existsSync(output) ? { id: output, external: true } : null
  },
}

export default defineConfig(({ mode }) => ({
  plugins: mode === 'built' ? [built] : [],
  test: {
    server: { deps: { external: [/\/dist\//] } },
    pool: 'forks',
    // As many as processors: many tests wait for real processes, and the default leaves one processor out.
    maxWorkers: '100%',
    execArgv: ['--expose-gc'],
    projects: [
      {
        extends: true,
        test: { name: 'shared', include: TESTS, exclude: [...configDefaults.exclude, ...APART], isolate: false },
      },
      { extends: true, test: { name: 'apart', include: APART } },
    ],
  },
}))
