// The built package, loaded by its name as users load it.

import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'

const manifest = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  readonly exports: { readonly [path: string]: unknown }
}
const faces = Object.keys(manifest.exports)
  .filter((path) => !/\.(json|html)$/.test(path))
  .map((path) => path.replace(/^\./, 'quorate'))

describe('the package', () => {
  test.each(faces)('%s can be imported, and gives something', async (face) => {
    const exported = (await import(/* @vite-ignore */ face)) as object
    expect(Object.keys(exported)).not.toEqual([])
  })

  test('has one default face, and what it gives at run time is this', async () => {
    const exported = (await import('quorate')) as object
    expect(Object.keys(exported).sort()).toEqual([
      'DamageError',
      'InvariantError',
      'NodeError',
      'OptionsError',
      'RaftHost',
      'RaftNode',
      'StorageError',
      'TransportError',
      'decodeConfiguration',
      'prometheusText',
      'recoverCluster',
      'startHost',
      'startNode',
    ])
  })

  test('gives no way to what it did not mean to give', async () => {
    const inner = 'quorate/dist/raft/log.js'
    await expect(import(/* @vite-ignore */ inner)).rejects.toThrow()
  })
})
