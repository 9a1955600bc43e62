import { beforeEach, describe, expect, test } from 'vitest'
import { votersOnly } from '../../raft/configuration.ts'
import type { InstallSnapshot } from '../../raft/message.ts'
import { MemorySnapshots } from '../../storage/memory-snapshots.ts'
import type { SnapshotWriter } from '../../storage/snapshot-store.ts'
import type { SnapshotSink } from '../../transport/transport.ts'
import { utf8Encode } from '../../util/bytes.ts'
import { SILENT } from '../logger.ts'
import { TestClock } from '../testing/test-clock.ts'
import { Arrivals } from './arrivals.ts'

let clock: TestClock
let store: MemorySnapshots
let received: number[]
let refusal: string | null
let restoring: boolean
let arrivals: Arrivals

beforeEach(async () => {
  clock = new TestClock()
  store = new MemorySnapshots()
  await store.open()
  received = []
  refusal = null
  restoring = false
  arrivals = new Arrivals(store, clock, SILENT, {
    refuse: () => refusal,
    isRestoring: () => restoring,
    onReceived: ({ lastIncludedIndex }) => void received.push(lastIncludedIndex),
  })
})

const SIZE = 6

function offer(index: number, id = `snapshot ${index}`): Promise<SnapshotSink> {
  const place = { lastIncludedIndex: index, lastIncludedTerm: 1, configuration: votersOnly({}) }
  const message: InstallSnapshot = { type: 'InstallSnapshot', from: 'x', to: 'y', term: 1, session: 1, ...place }
  return arrivals.receive(message, { id, sizeBytes: SIZE })
}

async function stored(): Promise<string> {
  let text = ''
  const latest = store.latest()
  if (latest !== null) for await (const piece of store.read(latest)) text += String.fromCharCode(...piece)
  return text
}

/** The writers that the store hands out do this first. */
function beforeEachWrite(action: () => Promise<void>): void {
  const create = store.create.bind(store)
  store.create = async (meta, id) => {
    const writer: SnapshotWriter = await create(meta, id)
    const write = writer.write.bind(writer)
    return Object.assign(writer, { write: (bytes: Uint8Array) => action().then(() => write(bytes)) })
  }
}

describe('a snapshot that arrives', () => {
  test('is stored, and only then stepped', async () => {
    const sink = await offer(9)
    await sink.write(utf8Encode('abc'))
    await sink.write(utf8Encode('def'))
    expect(received).toEqual([])
    await sink.finish()
    expect(received).toEqual([9])
    expect(await stored()).toBe('abcdef')
  })

  test('is refused at the door when it is not wanted, with the reason', async () => {
    refusal = 'it is committed here already'
    await expect(offer(9)).rejects.toThrow('it is committed here already')
  })

  test('is refused at its end when it is no longer wanted, and kept for a better offer', async () => {
    const sink = await offer(9)
    await sink.write(utf8Encode('abcdef'))
    refusal = 'its term is over'
    await expect(sink.finish()).rejects.toThrow('its term is over')
    refusal = null
    expect((await offer(9)).offset).toBe(SIZE)
  })

  test('goes on where it broke off', async () => {
    const first = await offer(9)
    await first.write(utf8Encode('abc'))
    first.interrupt()
    const second = await offer(9)
    expect(second.offset).toBe(3)
    await second.write(utf8Encode('def'))
    await second.finish()
    expect(await stored()).toBe('abcdef')
  })

  test('is dropped when nobody goes on with it for ten minutes', async () => {
    const sink = await offer(9)
    await sink.write(utf8Encode('abc'))
    sink.interrupt()
    await clock.advance(600_000)
    expect((await offer(9)).offset).toBe(0)
  })

  test('is not dropped while somebody goes on with it', async () => {
    const first = await offer(9)
    first.interrupt()
    const second = await offer(9)
    await clock.advance(600_000)
    await second.write(utf8Encode('abcdef'))
    await second.finish()
    expect(received).toEqual([9])
  })
})

describe('two connections that bring the same snapshot', () => {
  test('do not both write: the older one is cut off', async () => {
    const old = await offer(9)
    await old.write(utf8Encode('abc'))
    const young = await offer(9)
    await expect(old.write(utf8Encode('xyz'))).rejects.toThrow('a newer offer has taken the place of this one')
    old.interrupt()
    await young.write(utf8Encode('def'))
    await young.finish()
    expect(await stored()).toBe('abcdef')
  })

  test('are told apart even when the older one has a piece in its hands', async () => {
    let release: () => void = () => {}
    beforeEachWrite(
      () =>
        new Promise((resolve) => {
          release = resolve
        }),
    )
    const old = await offer(9)
    const writing = old.write(utf8Encode('abc'))
    const young = offer(9)
    release()
    await writing
    expect((await young).offset).toBe(3)
  })

  test('that offer it at the same moment share one writer', async () => {
    const [one, two] = await Promise.all([offer(9), offer(9)])
    await expect(one?.write(utf8Encode('abc'))).rejects.toThrow('a newer offer')
    await two?.write(utf8Encode('abcdef'))
    await two?.finish()
    expect(await stored()).toBe('abcdef')
  })
})

describe('two snapshots', () => {
  test('do not lie about unfinished side by side: the newer offer counts', async () => {
    const old = await offer(9)
    const young = await offer(12)
    await expect(old.write(utf8Encode('abc'))).rejects.toThrow('a newer offer')
    await young.write(utf8Encode('abcdef'))
    await young.finish()
    expect(received).toEqual([12])
  })

  test('replace each other only when the state machine has read the first', async () => {
    const first = await offer(9)
    await first.finish()
    restoring = true
    const second = await offer(12)
    const finishing = second.finish()
    await clock.advance(1000)
    expect(store.latest()?.meta.index).toBe(9)
    restoring = false
    arrivals.restored()
    await finishing
    expect(received).toEqual([9, 12])
  })

  test('of which the store keeps the newer are stepped as that one', async () => {
    const writer = await store.create({ index: 20, term: 1, configuration: votersOnly({}) })
    await writer.commit()
    await (await offer(9)).finish()
    expect(received).toEqual([20])
  })
})

describe('a snapshot that cannot be written', () => {
  test('is dropped: a piece may be half there', async () => {
    let fails = true
    beforeEachWrite(async () => {
      if (fails) throw new Error('no room')
    })
    const sink = await offer(9)
    await expect(sink.write(utf8Encode('abc'))).rejects.toThrow('no room')
    fails = false
    const again = await offer(9)
    expect(again.offset).toBe(0)
    await again.write(utf8Encode('abcdef'))
    await again.finish()
    expect(await stored()).toBe('abcdef')
  })

  test('is not stepped, and the sender hears why', async () => {
    const sink = await offer(9)
    await store.close()
    await expect(sink.finish()).rejects.toThrow('closed')
    expect(received).toEqual([])
  })
})

describe('when the node stops', () => {
  test('whoever waits for the state machine is let go', async () => {
    restoring = true
    const sink = await offer(9)
    const finishing = sink.finish()
    await clock.advance(0)
    arrivals.stop()
    await expect(finishing).rejects.toThrow('the server stops')
  })

  test('nothing is left to happen later', async () => {
    const sink = await offer(9)
    sink.interrupt()
    arrivals.stop()
    expect(clock.waiting).toBe(0)
  })
})
