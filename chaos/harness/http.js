// Requests to a server's clients' port, and whether one that brought no answer may have had an effect.
import { Agent, request } from 'node:http'

/** Nobody was reached. */
const NOT_SENT = new Set(['ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH'])

export class Caller {
  constructor() {
    this.agent = new Agent({ keepAlive: true, maxSockets: 256 })
  }

  /**
   * Never rejects.
   *
   * @returns `{ status, body }` of an answer; without one `{ status: 0, body: { applied } }`
   */
  call({ host, port }, path, fields, timeoutMs) {
    const text = fields === undefined ? undefined : JSON.stringify(fields)
    return new Promise((resolve) => {
      const fail = (error) =>
        resolve({ status: 0, body: { applied: NOT_SENT.has(error.code) ? 'no' : 'unknown', message: error.message } })
      const options = { host, port, path, agent: this.agent, method: text === undefined ? 'GET' : 'POST' }
      const asked = request({ ...options, headers: { 'content-type': 'application/json' } }, (response) => {
        const pieces = []
        response.on('data', (piece) => pieces.push(piece))
        response.on('error', fail)
        response.on('end', () => resolve(readAnswer(response.statusCode, Buffer.concat(pieces).toString(), fail)))
      })
      const timer = setTimeout(() => asked.destroy(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs)
      asked.on('error', fail)
      asked.on('close', () => clearTimeout(timer))
      asked.end(text)
    })
  }

  close() {
    this.agent.destroy()
  }
}

function readAnswer(status, text, fail) {
  try {
    return { status, body: JSON.parse(text) }
  } catch (error) {
    return fail(error)
  }
}

const base64 = (text) => Buffer.from(text).toString('base64')
const plain = (text = '') => Buffer.from(text, 'base64').toString()

/** The requests of the key/value store, in plain text. */
export const ask = {
  put: (key, value) => ['/v3/kv/put', { key: base64(key), value: base64(value), prev_kv: true }],
  delete: (key) => ['/v3/kv/deleterange', { key: base64(key), prev_kv: true }],
  get: (key) => ['/v3/kv/range', { key: base64(key) }],
  /** All keys that begin so; '' for all there are. */
  list: (prefix, serializable = false) => ['/v3/kv/range', { ...rangeOf(prefix), serializable }],
  deleteAll: (prefix) => ['/v3/kv/deleterange', rangeOf(prefix)],
}

function rangeOf(prefix) {
  if (prefix === '') return { key: 'AA==', range_end: 'AA==' }
  const end = prefix.slice(0, -1) + String.fromCharCode(prefix.charCodeAt(prefix.length - 1) + 1)
  return { key: base64(prefix), range_end: base64(end) }
}

export function revisionIn(body) {
  return Number(body.header?.revision ?? 0)
}

export function pairsIn({ kvs = [] }) {
  return kvs.map(readPair)
}

/** What a put or a delete replaced: '' for nothing. */
export function previousIn({ prev_kv, prev_kvs = [] }) {
  const pair = prev_kv ?? prev_kvs[0]
  return pair === undefined ? '' : readPair(pair).value
}

function readPair({ key, value, mod_revision, version }) {
  return { key: plain(key), value: plain(value), modRevision: Number(mod_revision), version: Number(version) }
}
