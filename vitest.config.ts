import { configDefaults, defineConfig } from 'vitest/config'

const TESTS = ['src/**/*.test.ts', 'test/**/*.test.ts', 'apps/*/src/**/*.test.ts']

/** Pure and quick: a process for each of these files would take longer than the tests in it. */
const SHARED = [
  'src/{util,raft,storage,transport,kv,check,trace,explore,io}/**/*.test.ts',
  'src/cli/explore/*.test.ts',
  'test/{paper,teeth,types}/**/*.test.ts',
  'test/house-rules.test.ts',
]

export default defineConfig({
  test: {
    pool: 'forks',
    // As many as processors: many tests wait for real processes, and the default leaves one processor out.
    maxWorkers: '100%',
    execArgv: ['--expose-gc'],
    projects: [
      { extends: true, test: { name: 'shared', include: SHARED, isolate: false } },
      // Each in a process of its own: the race check, for one, slows every promise down in the process that it was used in.
      { extends: true, test: { name: 'apart', include: TESTS, exclude: [...configDefaults.exclude, ...SHARED] } },
    ],
  },
})
