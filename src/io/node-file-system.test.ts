import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { build } from 'vite'
import { afterAll, describe, expect, test } from 'vitest'
import { DiskLog } from '../storage/disk-log.ts'
import { DiskSnapshots } from '../storage/disk-snapshots.ts'
import type { LogStore } from '../storage/log-store.ts'
import { logStoreAcceptance } from '../storage/log-store-acceptance.ts'
import type { SnapshotStore } from '../storage/snapshot-store.ts'
import { snapshotStoreAcceptance } from '../storage/snapshot-store-acceptance.ts'
import { createLog } from '../storage/write-ahead-log.ts'
import { Random } from '../util/random.ts'
import { NodeFileSystem } from './node-file-system.ts'

const root = mkdtempSync(join(tmpdir(), 'quorate-files-'))
let folders = 0
afterAll(() => rmSync(root, { recursive: true }))

async function freshFolder(): Promise<NodeFileSystem> {
  folders++
  const fileSystem = new NodeFileSystem(join(root, `${folders}`))
  await (await fileSystem.lock()).release()
  return fileSystem
}

describe('a file', () => {
  test('takes more pieces than one system call does, at any place', async () => {
    const file = await (await freshFolder()).open('a', 'create')
    file.write(
      3,
      Array.from({ length: 3000 }, (_, i) => Uint8Array.of(i, i >> 8)),
    )
    expect(file.size).toBe(6003)
    expect([...(await file.read(3 + 2 * 2999, 10))]).toEqual([2999 & 255, 2999 >> 8])
    expect([...(await file.read(0, 4))]).toEqual([0, 0, 0, 0])
    await file.close()
  })

  test('grows by zeros and is cut', async () => {
    const file = await (await freshFolder()).open('a', 'create')
    await file.resize(3_000_000)
    expect([file.size, (await file.read(2_999_999, 9)).length]).toEqual([3_000_000, 1])
    await file.resize(10)
    expect([file.size, (await file.read(0, 99)).length]).toEqual([10, 10])
    await file.sync()
    await file.close()
  })

  test('is there under the name it was renamed to, and is read to its end after it was removed', async () => {
    const fileSystem = await freshFolder()
    const file = await fileSystem.open('a', 'create')
    file.write(0, [Uint8Array.of(7)])
    await fileSystem.rename('a', 'b')
    await fileSystem.syncFolder()
    expect(await fileSystem.list()).toEqual(['b'])
    await fileSystem.remove('b')
    expect([...(await file.read(0, 1))]).toEqual([7])
    await file.close()
  })

  test('that fails after it was renamed is called what it is called now', async () => {
    const fileSystem = await freshFolder()
    const file = await fileSystem.open('log.tmp', 'create')
    await fileSystem.rename('log.tmp', 'log')
    await file.close()
    expect(() => file.write(0, [Uint8Array.of(1)])).toThrow(`write ${join(fileSystem.folder, 'log')}`)
    expect(() => file.write(0, [Uint8Array.of(1)])).not.toThrow('.tmp')
  })

  test('that fails says how, and which file', async () => {
    const fileSystem = await freshFolder()
    await expect(fileSystem.open('none', 'existing')).rejects.toMatchObject({ code: 'ENOENT' })
    const file = await fileSystem.open('a', 'create')
    await expect(fileSystem.open('a', 'create')).rejects.toThrow(/EEXIST: create .*\/a$/)
    await file.close()
    expect(() => file.write(0, [Uint8Array.of(1)])).toThrow(/E/)
  })
})

describe('the lock', () => {
  test('creates the folder, with those above it', async () => {
    const fileSystem = new NodeFileSystem(join(root, 'x', 'y', 'z'))
    const lock = await fileSystem.lock()
    expect(await fileSystem.list()).toEqual(['lock'])
    await lock.release()
    expect(existsSync(join(root, 'x', 'y', 'z', 'lock'))).toBe(false)
  })

  test('is refused while it is held, naming folder and pid, and given again afterwards', async () => {
    const { folder } = await freshFolder()
    const lock = await new NodeFileSystem(folder).lock()
    const refused = await new NodeFileSystem(folder).lock().catch((error) => error)
    expect(refused).toMatchObject({ code: 'ERR_QUORATE_LOCKED' })
    expect(refused.message).toContain(`${folder} is in use by process ${process.pid}`)
    await lock.release()
    await (await new NodeFileSystem(folder).lock()).release()
  })

  test('that cannot be written says which file it is, and is free again', async () => {
    const { folder } = await freshFolder()
    mkdirSync(join(folder, 'lock'), { recursive: true })
    await expect(new NodeFileSystem(folder).lock()).rejects.toThrow(`EISDIR: write ${join(folder, 'lock')}`)
    rmSync(join(folder, 'lock'), { recursive: true })
    await (await new NodeFileSystem(folder).lock()).release()
  })

  test('of a process that was killed with -9 is free', async () => {
    const { folder } = await freshFolder()
    const child = await lockInAnotherProcess(folder)
    const refused = await new NodeFileSystem(folder).lock().catch((error) => error)
    expect(refused.message).toContain(`process ${child.pid}`)
    child.kill('SIGKILL')
    await new Promise((resolve) => child.once('exit', resolve))
    expect(readFileSync(join(folder, 'lock'), 'utf8')).toContain(`${child.pid}`)
    await (await new NodeFileSystem(folder).lock()).release()
  })

  test('file counts while its process lives, also where no socket tells, and not when the pid was given to another', async () => {
    const fileSystem = await freshFolder()
    const parent = process.ppid
    const started = startOf(parent)
    writeFileSync(join(fileSystem.folder, 'lock'), JSON.stringify({ pid: parent, started }))
    await expect(fileSystem.lock()).rejects.toThrow(`process ${parent}`)
    writeFileSync(join(fileSystem.folder, 'lock'), JSON.stringify({ pid: parent, started: `${started}0` }))
    await (await fileSystem.lock()).release()
    writeFileSync(join(fileSystem.folder, 'lock'), '{"pid":')
    await (await fileSystem.lock()).release()
  })
})

/** A process that runs the same code, compiled, and holds the lock until it is killed. */
async function lockInAnotherProcess(folder: string): Promise<ChildProcess> {
  const ssr = fileURLToPath(new URL('./folder-lock.ts', import.meta.url))
  const outDir = join(root, 'compiled')
  await build({ configFile: false, logLevel: 'silent', build: { ssr, outDir, emptyOutDir: true } })
  const script = `
    import { lockFolder } from ${JSON.stringify(pathToFileURL(join(outDir, 'folder-lock.js')).href)}
    await lockFolder(${JSON.stringify(folder)})
    console.log('locked')
    setInterval(() => {}, 1000)`
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] })
  const said = await new Promise((resolve) => child.stdout.once('data', (bytes) => resolve(`${bytes}`)))
  expect(said).toBe('locked\n')
  return child
}

/** As the lock file has it: the machine's boot and the start of the process. */
function startOf(pid: number): string {
  const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
  return `${boot} ${readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ')[19]}`
}

describe('the log on a real disk', () => {
  for (const { title, run } of logStoreAcceptance) {
    test(title, async () => {
      const options = { fileSystem: await freshFolder(), logId: new Uint8Array(8).fill(7), firstSegmentBytes: 16_384 }
      let store: LogStore | null = null
      await run({
        reopen: async () => {
          if (store === null) await createLog(options)
          await store?.close()
          store = new DiskLog(options)
          return { store, opened: await store.open() }
        },
      })
      await (store as LogStore | null)?.close()
    })
  }
})

describe('snapshots on a real disk', () => {
  for (const { title, run } of snapshotStoreAcceptance) {
    test(title, async () => {
      const options = { fileSystem: await freshFolder(), random: new Random(5) }
      let store: SnapshotStore | null = null
      await run({
        reopen: async () => {
          await store?.close()
          store = new DiskSnapshots(options)
          await store.open()
          return store
        },
      })
    })
  }
})
