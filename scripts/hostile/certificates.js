// Every certificate that is wrong in some way, at both ends of a connection: all are refused but the right one.

import { Authority } from '../../dist/io/testing/certificates.js'
import { closeAll, greeting, timeoutNow } from '../../dist/io/testing/tcp-servers.js'
import {
  AUTHORITY,
  certificatesOf,
  dialTls,
  nameOf,
  STRANGER,
  serveTls,
  startTls,
} from '../../dist/io/testing/tls-servers.js'
import { FRAME_TYPES } from '../../dist/transport/frame.js'

const WAIT_MS = 5000

const BOTH = ['dials', 'is dialled']

/** What somebody shows who says that he is member b, and at which ends it is a right one. */
function certificates() {
  const own = new Authority('b')
  const host = { names: [], hosts: ['localhost', '127.0.0.1'] }
  return [
    ['right', certificatesOf('b'), BOTH],
    ['right, for dialling alone', certificatesOf('b', { uses: ['clientAuth'] }), ['dials']],
    ['right, for being dialled alone', certificatesOf('b', { uses: ['serverAuth'] }), ['is dialled']],
    ['of another member', certificatesOf('c'), []],
    ['of that member in another cluster', certificatesOf('b', { names: ['quorate://other/b'] }), []],
    ['of the right authority, for a web server', certificatesOf('b', { ...host, uses: ['serverAuth'] }), []],
    ["of the right authority, for a web server's client", certificatesOf('b', { ...host, uses: ['clientAuth'] }), []],
    ['with the member in its common name alone', certificatesOf('b', { names: [], commonName: nameOf('b') }), []],
    ['whose name only begins so', certificatesOf('b', { names: [`${nameOf('b')}x`, `${nameOf('b')}/`] }), []],
    ['expired', certificatesOf('b', { validFromDays: -9, validToDays: -1 }), []],
    ['not valid yet', certificatesOf('b', { validFromDays: 1 }), []],
    ['signed by himself', { ...own.member(nameOf('b')), ca: AUTHORITY.pem }, []],
    ['of another authority', certificatesOf('b', {}, STRANGER), []],
    ['of another authority that has the name of ours', certificatesOf('b', {}, new Authority('ours')), []],
    ['none', {}, []],
  ]
}

/** @returns a row for each certificate, with what became of it at either end and in whose words */
export async function tryCertificates(note) {
  const rows = []
  const findings = []
  for (const [name, has, rightEnds] of certificates()) {
    note(`certificate ${name}`)
    for (const [end, attempt] of [
      ['dials', dials],
      ['is dialled', isDialled],
    ]) {
      const { isLetIn, words } = await attempt(has)
      rows.push({ certificate: name, end, isLetIn, words })
      if (isLetIn !== rightEnds.includes(end))
        findings.push(`certificate ${name}, ${end}: ${isLetIn ? 'let in' : `refused: ${words}`}`)
      await closeAll()
    }
  }
  return { rows, findings }
}

/** He is let in when he hears Welcome, or when what he says behind his hello arrives. */
async function dials(has) {
  const server = await startTls('a')
  const client = await dialTls(server.address, has)
  client.socket.write(greeting('b', 'a'))
  const answer = await Promise.race([client.answered, client.closed.then(() => null), later(WAIT_MS)])
  const isLetIn = answer?.[4] === FRAME_TYPES.Welcome || server.messages.length > 0
  return { isLetIn, words: withoutAddress(await troubleOf(server, isLetIn)) }
}

/** He says Welcome to everybody. He is let in when he is told more than a hello. */
async function isDialled(has) {
  const server = await startTls('a')
  const address = await serveTls('b', has)
  server.transport.setPeers({ b: address })
  const until = performance.now() + WAIT_MS
  const { counters } = server.transport
  const hasFailed = () => server.troubles.length > 0
  // Our hello is the first frame; a second one is for a peer.
  while (counters.framesOut < 2 && !hasFailed() && performance.now() < until) {
    server.transport.send(timeoutNow('a', 'b'))
    await later(5)
  }
  const isLetIn = counters.framesOut >= 2 && !hasFailed()
  return { isLetIn, words: withoutAddress(await troubleOf(server, isLetIn)) }
}

async function troubleOf({ troubles }, isLetIn) {
  for (let left = 100; troubles.length === 0 && !isLetIn && left > 0; left--) await later(10)
  return troubles[0]?.message ?? ''
}

function withoutAddress(words) {
  return words.replace(/^127\.0\.0\.1:\d+: /, '')
}

function later(ms) {
  return new Promise((resolve) => setTimeout(() => resolve(null), ms))
}
