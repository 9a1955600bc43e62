import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { frontierStories } from '../../explore/testing/frontier-stories.ts'
import { FileFrontierStore } from './file-frontier-store.ts'

const folder = mkdtempSync(join(tmpdir(), 'quorate-frontier-'))
const stores: FileFrontierStore[] = []
afterAll(() => rmSync(folder, { recursive: true }))

function open(): FileFrontierStore {
  const store = new FileFrontierStore(join(folder, String(stores.length)))
  stores.push(store)
  return store
}

describe('a frontier in files', () => {
  frontierStories(open)

  test('leaves nothing behind', () => {
    const store = open()
    store.append(Int32Array.of(1, 2, 3))
    expect(store.bytes).toBe(12)
    store.remove()
    expect(readdirSync(join(folder, String(stores.length - 1)))).toEqual([])
  })

  test('a level that is read does not stay on the disk', () => {
    const store = open()
    for (let level = 0; level < 5; level++) {
      store.append(new Int32Array(100))
      store.turn()
    }
    expect(store.bytes).toBe(400)
  })
})
