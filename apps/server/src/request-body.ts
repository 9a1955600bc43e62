/** Reads a request's body within bounds, whatever its headers claim. */
import type { IncomingMessage } from 'node:http'
import { badRequest, GRPC, RequestError } from './errors.ts'
import type { HeldBytes } from './held-bytes.ts'

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
export async function readBody(request: IncomingMessage, held: HeldBytes): Promise<string> {
  const [type = ''] = (request.headers['content-type'] ?? '').toLowerCase().split(';')
  const declared = Number(request.headers['content-length'] ?? 0)
  if (declared > MAX_DISCARDED_BYTES) throw tooLarge(declared)
  const bytes = await collect(request, held)
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

async function collect(request: IncomingMessage, held: HeldBytes): Promise<Buffer> {
  const arriving = new Arriving(held)
  try {
    return await arriving.all(request)
  } finally {
    arriving.drop()
  }
}

/** One body on its way. */
class Arriving {
  private readonly held: HeldBytes
  private pieces: Buffer[] = []
  private keptBytes = 0
  private length = 0

  constructor(held: HeldBytes) {
    this.held = held
  }

  all(request: IncomingMessage): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      request.on('data', (piece: Buffer) => {
        try {
          this.take(piece)
        } catch (error) {
          request.pause()
          reject(error as Error)
        }
      })
      request.on('end', () => {
        if (this.length > MAX_BODY_BYTES) reject(tooLarge(this.length))
        else resolve(Buffer.concat(this.pieces))
      })
      request.on('close', () => reject(badRequest('the connection ended before the request did')))
      request.on('error', reject)
    })
  }

  drop(): void {
    this.held.release(this.keptBytes)
    this.keptBytes = 0
    this.pieces = []
  }

  private take(piece: Buffer): void {
    this.length += piece.length
    if (this.length > MAX_DISCARDED_BYTES) throw tooLarge(this.length)
    if (this.length > MAX_BODY_BYTES) {
      this.drop()
      return
    }
    this.held.requireRoom(piece.length)
    this.held.hold(piece.length)
    this.keptBytes += piece.length
    this.pieces.push(piece)
  }
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
