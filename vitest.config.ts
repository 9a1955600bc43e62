import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'test/**/*.test.ts', 'apps/*/src/**/*.test.ts'],
    pool: 'forks',
    // Nearly all of it is pure: a process for each of 118 files took longer than the tests in them.
    isolate: false,
    execArgv: ['--expose-gc'],
  },
})
