// What the benchmark's command line takes and what it refuses.
import { expect, test } from 'vitest'

type Options = Readonly<Record<string, unknown>> | null

/** The benchmark is plain JavaScript, without types. */
const { readOptions } = (await import(new URL('../../bench/options.js', import.meta.url).href)) as {
  readOptions(args: readonly string[], scenarios: readonly string[]): Options
}

const read = (...args: readonly string[]): Options => readOptions(args, ['core', 'replication'])

test.each([
  [['--only', 'core,speed'], "there is no scenario 'speed': choose among core, replication"],
  [['--proposers', '1,few'], "--proposers is 'few': it must be a whole number above 0"],
  [['--proposers', '1,'], "--proposers is '': it must be a whole number above 0"],
  [['--sizes', '0'], "--sizes is '0': it must be a whole number above 0"],
  [['--seconds', '-1'], "Option '--seconds' argument is ambiguous: --help lists what there is"],
  [['--seconds', 'NaN'], "--seconds is 'NaN': it must be a number above 0"],
  [['--load-share', '1.5'], "--load-share is '1.5': it must be below 1"],
  [['--peer', 'etcd'], "--peer is 'etcd': it must be name=command"],
  [['--all', '--only', 'core'], '--only and --all contradict each other'],
  [['--fast'], "Unknown option '--fast': --help lists what there is"],
  [['core'], "Unexpected argument 'core'"],
])('%j is refused in one line', (args, words) => {
  expect(() => read(...args)).toThrow(words)
  expect(() => read(...args)).toThrow(/^[^\n]*$/)
})

test('lists, powers of ten and peers are read', () => {
  expect(read('--sizes', '16,256', '--log-bytes', '1e6', '--peer', 'a b=run {proposers} --x=1')).toMatchObject({
    names: ['replication'],
    sizes: [16, 256],
    proposers: null,
    logBytes: 1_000_000,
    rounds: 50,
    peers: [{ name: 'a b', command: 'run {proposers} --x=1' }],
  })
})

test('no rounds at all is a choice', () => {
  expect(read('--all', '--stop-rounds', '0')).toMatchObject({ names: ['core', 'replication'], stopRounds: 0 })
})
