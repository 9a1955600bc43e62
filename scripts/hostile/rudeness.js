// What rude clients do to a server's two ports. Each function opens sockets, and stops when `siege.isOver`.
import { connect as tcpTo } from 'node:net'
import { connect as tlsTo } from 'node:tls'
import { encodeMessage } from '../../dist/transport/codec.js'
import { FRAME_TYPES } from '../../dist/transport/frame.js'
import { encodeHello, helloFor } from '../../dist/transport/handshake.js'
import { SAMPLE_MESSAGES } from '../../dist/transport/testing/samples.js'
import { base64, CLUSTER, sleep } from './cluster.js'

const DRIP_MS = 50

/** Whose turn it is, and what was seen: shared by all that is done at the same time. */
export class Siege {
  constructor({ peers, clients, id }, { isTls }) {
    this.peers = hostAndPort(peers)
    this.clients = hostAndPort(clients)
    this.target = id
    this.isTls = isTls
    this.isOver = false
    this.sockets = new Set()
    this.opened = 0
    /** Strangers who were welcomed. */
    this.letIn = 0
  }

  open(place, { isSecure = false, watchesWelcome = false } = {}) {
    const socket = isSecure ? tlsTo({ ...place, rejectUnauthorized: false }) : tcpTo(place)
    this.opened++
    this.sockets.add(socket)
    socket.on('error', () => {})
    socket.once('close', () => this.sockets.delete(socket))
    if (watchesWelcome) {
      socket.once('data', (bytes) => {
        if (bytes[4] === FRAME_TYPES.Welcome) this.letIn++
      })
    }
    return socket
  }

  end() {
    this.isOver = true
    for (const socket of this.sockets) socket.destroy()
  }
}

/** So many at a time, each anew when it was hung up on. */
async function keepUp(siege, count, begin) {
  const one = async () => {
    while (!siege.isOver) {
      const socket = begin()
      await new Promise((resolve) => socket.once('close', resolve))
      await sleep(20)
    }
  }
  await Promise.all(Array.from({ length: count }, one))
}

function drip(siege, socket, bytes) {
  let next = 0
  const timer = setInterval(() => {
    if (siege.isOver || socket.destroyed) clearInterval(timer)
    else if (next < bytes.length) socket.write(bytes.subarray(next, ++next))
  }, DRIP_MS)
  return socket
}

/** A member's name with a disk that nobody knows. */
const helloOf = (siege, from = 's1') =>
  Buffer.concat(
    encodeHello(helloFor({ cluster: CLUSTER, id: from, incarnation: 'stolen' }, siege.target, 'messages')).pieces,
  )

/** Whatever a member would say, by somebody who is none. */
const FRAME = Buffer.concat(encodeMessage(SAMPLE_MESSAGES.AppendEntries).pieces)

export const SLOW = {
  'hello byte by byte': (siege) =>
    keepUp(siege, 250, () => drip(siege, siege.open(siege.peers, { watchesWelcome: true }), helloOf(siege))),
  'TLS handshake, then nothing': (siege) =>
    keepUp(siege, siege.isTls ? 125 : 0, () => siege.open(siege.peers, { isSecure: true })),
  'nothing at all': (siege) => keepUp(siege, 125, () => siege.open(siege.peers)),
  'a frame byte by byte behind a hello': (siege) =>
    keepUp(siege, siege.isTls ? 0 : 125, () => {
      const socket = siege.open(siege.peers)
      // Without TLS whoever knows the cluster's name may ask to join: so far he comes, and no further.
      socket.write(helloOf(siege, 'visitor'))
      // All but its last byte: as a whole it would be a forged message, which is another matter.
      return drip(siege, socket, FRAME.subarray(0, -1))
    }),
  'HTTP headers byte by byte': (siege) =>
    keepUp(siege, 250, () =>
      drip(siege, siege.open(siege.clients), Buffer.from(`GET /status HTTP/1.1\r\nhost: x\r\nx: ${'y'.repeat(9000)}`)),
    ),
  'an HTTP body byte by byte': (siege) =>
    keepUp(siege, 125, () => {
      const head = 'POST /v3/kv/put HTTP/1.1\r\nhost: x\r\ncontent-length: 1000000\r\n\r\n'
      return drip(siege, siege.open(siege.clients), Buffer.from(`${head}${'x'.repeat(9000)}`))
    }),
  'answers that nobody reads': (siege) =>
    keepUp(siege, 125, () => {
      const socket = siege.open(siege.clients)
      socket.pause()
      const body = JSON.stringify({ key: base64('large'), range_end: base64('largf'), serializable: true })
      socket.write(`POST /v3/kv/range HTTP/1.1\r\nhost: x\r\ncontent-length: ${body.length}\r\n\r\n${body}`.repeat(20))
      return socket
    }),
}

/** As fast as it goes, so many at a time. */
export const FLOOD = {
  'connect and hang up': (siege) =>
    keepUpFast(siege, 40, (socket) => socket.once('connect', () => socket.resetAndDestroy())),
  garbage: (siege) => keepUpFast(siege, 40, (socket) => socket.end(Buffer.alloc(2000, Math.random().toString()))),
  'hello of a stranger': (siege) =>
    keepUpFast(siege, 40, (socket) => socket.write(Buffer.concat([helloOf(siege), FRAME]))),
  'endless pipelined requests': (siege) =>
    keepUp(siege, 20, () => {
      const socket = siege.open(siege.clients)
      const requests = 'GET /version HTTP/1.1\r\nhost: x\r\n\r\n'.repeat(500)
      const pour = () => {
        while (!siege.isOver && !socket.destroyed && socket.write(requests));
      }
      socket.on('drain', pour).once('connect', pour).resume()
      return socket
    }),
  'HTTP connect and hang up': (siege) =>
    keepUp(siege, 20, () => {
      const socket = siege.open(siege.clients)
      socket.once('connect', () => socket.resetAndDestroy())
      return socket
    }),
}

function keepUpFast(siege, count, act) {
  return keepUp(siege, count, () => {
    const socket = siege.open(siege.peers, { watchesWelcome: true })
    act(socket)
    return socket
  })
}

function hostAndPort(address) {
  const colon = address.lastIndexOf(':')
  return { host: address.slice(0, colon), port: Number(address.slice(colon + 1)) }
}
