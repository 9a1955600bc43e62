/** Reads a request's body within bounds, whatever its headers claim. */
import type { IncomingMessage } from 'node:http'
import { badRequest, GRPC, RequestError } from './errors.ts'

/** As etcd: 1.5 MiB. */
const MAX_BODY_BYTES = 1.5 * 1024 * 1024
/**
 * A body that is too large is read on up to here and thrown away: a client that is still sending would otherwise see a
 * broken connection instead of the answer that says why.
 */
const MAX_DISCARDED_BYTES = 16 * 1024 * 1024

// What `curl -d` sends by itself, and what the documentation of etcd therefore shows, is the second.
const JSON_TYPES = ['application/json', 'application/x-www-form-urlencoded']

/** @returns the body as text; empty when there is none @throws RequestError */
export async function readBody(request: IncomingMessage): Promise<string> {
  const [type = ''] = (request.headers['content-type'] ?? '').toLowerCase().split(';')
  const declared = Number(request.headers['content-length'] ?? 0)
  if (declared > MAX_DISCARDED_BYTES) throw tooLarge(declared)
  const bytes = await collect(request)
  if (bytes.length > 0 && type !== '' && !JSON_TYPES.includes(type.trim())) {
    throw new RequestError(
      415,
      GRPC.invalidArgument,
      'ERR_QUORATE_NOT_JSON',
      `the body is ${type}, not application/json`,
    )
  }
  return decode(bytes)
}

function collect(request: IncomingMessage): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    let pieces: Buffer[] = []
    let length = 0
    request.on('data', (piece: Buffer) => {
      length += piece.length
      pieces.push(piece)
      if (length > MAX_BODY_BYTES) pieces = []
      if (length > MAX_DISCARDED_BYTES) {
        request.pause()
        reject(tooLarge(length))
      }
    })
    request.on('end', () => {
      if (length > MAX_BODY_BYTES) reject(tooLarge(length))
      else resolve(Buffer.concat(pieces))
    })
    request.on('close', () => reject(badRequest('the connection ended before the request did')))
    request.on('error', reject)
  })
}

function decode(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw badRequest('the body is not UTF-8')
  }
}

function tooLarge(length: number): RequestError {
  const message = `the request is ${length} bytes or more, and at most ${MAX_BODY_BYTES} are allowed`
  return new RequestError(413, GRPC.invalidArgument, 'ERR_QUORATE_TOO_LARGE', message)
}
