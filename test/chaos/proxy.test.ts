// The proxy between the servers: what each fault does to a connection that passes through it.
import { connect, createServer, type Server, type Socket } from 'node:net'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Random } from '../../src/util/random.ts'

interface Link {
  readonly met: { readonly cut: number; readonly corrupt: number; readonly reset: number }
  bytesPerSecond: number
  delayMs: number
  corruptChance: number
  hold(): void
  clear(): void
  cutNext(offset: number): void
  reset(): void
}

interface ProxyNetwork {
  link(from: string, to: string): Link
  stand(id: string, port: number): Promise<number>
  heal(): void
  close(): Promise<void>
}

/** The chaos program is plain JavaScript, without types. */
const { ProxyNetwork } = (await import(new URL('../../chaos/harness/proxy.js', import.meta.url).href)) as {
  ProxyNetwork: new (random: Random) => ProxyNetwork
}

let network: ProxyNetwork
let server: Server
let port = 0
let arrived: Socket[] = []
const dialled: Socket[] = []

beforeEach(async () => {
  arrived = []
  server = createServer((socket) => {
    socket.on('error', () => {})
    arrived.push(socket)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  network = new ProxyNetwork(new Random(1))
  const address = server.address()
  port = await network.stand('b', typeof address === 'object' && address !== null ? address.port : 0)
})

afterEach(async () => {
  for (const socket of [...dialled.splice(0), ...arrived]) socket.destroy()
  await network.close()
  await new Promise((resolve) => server.close(resolve))
})

function text(value: string): Buffer {
  const length = Buffer.alloc(4)
  length.writeUInt32LE(value.length)
  return Buffer.concat([length, Buffer.from(value)])
}

function frame(type: number, body: Buffer): Buffer {
  const header = Buffer.alloc(16)
  header.writeUInt32LE(body.length)
  header[4] = type
  return Buffer.concat([header, body])
}

const HELLO = frame(1, Buffer.concat([Buffer.from('QUOR\x01\x01\x00'), text('chaos'), text('a'), text('b'), text('')]))
const FRAME = frame(17, Buffer.from('twenty bytes of body'))

interface Ends {
  readonly dialler: Socket
  readonly target: Socket
  /** What has come to the server behind the hello. */
  received(): Buffer
}

/** `a` has dialled `b`. */
async function connected(hello: Buffer = HELLO): Promise<Ends> {
  const dialler = connect(port, '127.0.0.1')
  dialler.on('error', () => {})
  dialled.push(dialler)
  dialler.write(hello)
  await eventually(() => arrived.length > 0)
  const target = arrived[0] as Socket
  let bytes = Buffer.alloc(0)
  target.on('data', (piece: Buffer) => {
    bytes = Buffer.concat([bytes, piece])
  })
  await eventually(() => bytes.length >= hello.length)
  return { dialler, target, received: () => bytes.subarray(hello.length) }
}

async function eventually(isTrue: () => boolean): Promise<void> {
  const deadline = performance.now() + 2000
  while (!isTrue()) {
    if (performance.now() > deadline) throw new Error('not within two seconds')
    await pause(1)
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

test('passes everything on, both ways, and who hangs up is heard', async () => {
  const { dialler, target, received } = await connected()
  dialler.write(FRAME)
  await eventually(() => received().equals(FRAME))
  const answered = new Promise<Buffer>((resolve) => dialler.once('data', resolve))
  target.write('back')
  expect(String(await answered)).toBe('back')
  dialler.destroy()
  await eventually(() => target.destroyed)
})

test('who does not say hello gets no further', async () => {
  const stranger = connect(port, '127.0.0.1')
  stranger.on('error', () => {})
  dialled.push(stranger)
  stranger.write('GET / HTTP/1.1\r\n\r\n')
  await eventually(() => stranger.destroyed)
  expect(arrived).toEqual([])
})

test('a frame can be cut behind each of its bytes: exactly these arrive, then the end', async () => {
  for (let offset = 0; offset < FRAME.length; offset++) {
    arrived = []
    const { dialler, target, received } = await connected()
    network.link('a', 'b').cutNext(offset)
    dialler.write(Buffer.concat([FRAME, FRAME]))
    await eventually(() => target.destroyed)
    expect(received()).toEqual(FRAME.subarray(0, offset))
    await eventually(() => dialler.destroyed)
  }
  expect(network.link('a', 'b').met.cut).toBe(FRAME.length)
})

test('a frame that comes byte by byte is cut at the same place', async () => {
  const { dialler, target, received } = await connected()
  const half = FRAME.subarray(0, 10)
  dialler.write(half)
  await eventually(() => received().length === 10)
  network.link('a', 'b').cutNext(7)
  for (const byte of FRAME.subarray(10)) {
    dialler.write(Uint8Array.of(byte))
    await pause(0)
  }
  dialler.write(FRAME)
  await eventually(() => target.destroyed)
  expect(received()).toEqual(Buffer.concat([FRAME, FRAME.subarray(0, 7)]))
})

describe('a hole', () => {
  test('in one direction swallows what goes there, and lets the other through', async () => {
    const { dialler, target, received } = await connected()
    network.link('a', 'b').hold()
    const answered = new Promise<Buffer>((resolve) => dialler.once('data', resolve))
    dialler.write(FRAME)
    target.write('back')
    expect(String(await answered)).toBe('back')
    expect(received()).toHaveLength(0)
    network.heal()
    await eventually(() => received().equals(FRAME))
  })

  test('swallows the end of a connection, too: the other end is half open until it heals', async () => {
    const { dialler, target } = await connected()
    network.link('a', 'b').hold()
    dialler.destroy()
    await pause(30)
    expect(target.destroyed).toBe(false)
    network.heal()
    await eventually(() => target.destroyed)
  })

  test('does not say that there is nobody behind it', async () => {
    const { dialler, target } = await connected()
    network.link('a', 'b').hold()
    network.link('b', 'a').hold()
    target.destroy()
    await pause(30)
    dialler.write(FRAME)
    await pause(10)
    expect(dialler.destroyed).toBe(false)
    network.heal()
    await eventually(() => dialler.destroyed)
  })
})

test('a reset is an error at both ends, not an end', async () => {
  const { dialler, target } = await connected()
  const errors = [dialler, target].map(
    (socket) => new Promise<NodeJS.ErrnoException>((told) => socket.once('error', told)),
  )
  network.link('a', 'b').reset()
  for (const error of errors) expect(await error).toMatchObject({ code: 'ECONNRESET' })
})

test('a slow link lets so many bytes through in a second', async () => {
  const { dialler, received } = await connected()
  network.link('a', 'b').bytesPerSecond = 10_000
  const started = performance.now()
  dialler.write(Buffer.alloc(2000))
  await eventually(() => received().length === 2000)
  expect(performance.now() - started).toBeGreaterThan(150)
})

test('a delayed link brings all of it, later and in order', async () => {
  const { dialler, received } = await connected()
  network.link('a', 'b').delayMs = 60
  const started = performance.now()
  dialler.write(FRAME)
  await pause(10)
  dialler.write('behind it')
  await eventually(() => received().length > FRAME.length)
  expect(performance.now() - started).toBeGreaterThan(60)
  expect(received()).toEqual(Buffer.concat([FRAME, Buffer.from('behind it')]))
})

test('a link that lies changes one byte of a piece', async () => {
  const { dialler, received } = await connected()
  network.link('a', 'b').corruptChance = 1
  dialler.write(FRAME)
  await eventually(() => received().length === FRAME.length)
  expect(received().filter((byte, i) => byte !== FRAME[i])).toHaveLength(1)
  expect(network.link('a', 'b').met.corrupt).toBe(1)
})
