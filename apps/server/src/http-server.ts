/**
 * The HTTP side: limits, routes and errors in JSON. It listens before the node is there, so that a port that is taken
 * is found before a data folder is touched; until `open` every request is told to come again.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Logger } from 'quorate'
import { describeFailure, GRPC, RequestError, type RequestFailure, UsageError } from './errors.ts'
import { type GatewayCall, type GatewayIdentity, gatewayCalls } from './gateway.ts'
import { HeldBytes } from './held-bytes.ts'
import { parseHostPort } from './host-port.ts'
import type { KvService } from './kv-service.ts'
import { readBody } from './request-body.ts'
import { Turns } from './turns.ts'
import { ETCD_API_VERSION, VERSION } from './version.ts'

const MAX_HEADER_BYTES = 16 * 1024
const HEADERS_TIMEOUT_MS = 10_000
/** For the whole of a request to arrive, headers and body. */
const ARRIVAL_TIMEOUT_MS = 30_000
const KEEP_ALIVE_MS = 60_000
/** An answer of this size always has room: the number of connections is bounded, too. */
const SMALL_BYTES = 16 * 1024
/** How long an answer may lie there of which the client takes nothing. */
const TAKING_TIMEOUT_MS = 30_000
/** Those beyond are hung up on at once. */
const MAX_CONNECTIONS = 4096
/** Of every answer but Prometheus' text format. */
const JSON_TYPE = 'application/json'
const METRICS_TYPE = 'text/plain; version=0.0.4; charset=utf-8'
/** For requests under way when the server stops. */
const CLOSING_GRACE_MS = 2000

/** An object is sent as JSON. */
interface Reply {
  readonly status: number
  readonly body: object | string
}

type Route = (body: string) => Promise<Reply>

export class HttpServer {
  private readonly server: Server
  private readonly logger: Logger
  private gets: ReadonlyMap<string, Route> = new Map([['/version', async () => ok(versionReply())]])
  private posts: ReadonlyMap<string, Route> = new Map()
  private isOpen = false
  private readonly turns = new Turns()
  private readonly held: HeldBytes

  /** @param held what all connections together may make this server hold */
  constructor(logger: Logger, held: HeldBytes = new HeldBytes()) {
    this.logger = logger
    this.held = held
    const options = {
      maxHeaderSize: MAX_HEADER_BYTES,
      headersTimeout: HEADERS_TIMEOUT_MS,
      requestTimeout: ARRIVAL_TIMEOUT_MS,
      keepAliveTimeout: KEEP_ALIVE_MS,
    }
    this.server = createServer(options, (request, response) => void this.answer(request, response))
    this.server.maxConnections = MAX_CONNECTIONS
    this.server.on('clientError', refuseRawRequest)
  }

  /** @returns where it listens, `host:port` @throws Error when the address is taken */
  listen(address: string): Promise<string> {
    const { host, port } = parseHostPort(address, 'client address')
    return new Promise((resolve, reject) => {
      this.server.once('error', (error: NodeJS.ErrnoException) => reject(explainListenError(address, error)))
      this.server.listen({ host, port }, () => resolve(`${host}:${portOf(this.server)}`))
    })
  }

  /** From now on requests are answered. */
  open(service: KvService, identity: GatewayIdentity): void {
    this.gets = new Map([...this.gets, ...ownRoutes(service, identity)])
    this.posts = new Map([...gatewayCalls(service, identity)].map(([path, call]) => [path, gatewayRoute(call)]))
    this.isOpen = true
  }

  /** Takes no more connections; requests under way get their answers, for two seconds at most. */
  async close(): Promise<void> {
    if (!this.server.listening) return
    const closed = new Promise<void>((resolve) => this.server.close(() => resolve()))
    this.server.closeIdleConnections()
    const impatience = setTimeout(() => this.server.closeAllConnections(), CLOSING_GRACE_MS)
    await closed
    clearTimeout(impatience)
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (!(await this.turns.wait(request, response))) return
    try {
      // What only looks is small, and an operator wants to see what is going on.
      if (request.method === 'POST') this.held.requireQuiet()
      const body = await readBody(request, this.held)
      const { status, body: reply } = await this.routeOf(request)(body)
      this.send(response, status, reply)
    } catch (error) {
      this.answerFailure(request, response, error)
    }
  }

  private routeOf({ method, url = '/', headers }: IncomingMessage): Route {
    const path = new URL(url, 'http://server').pathname
    const isGet = method === 'GET' || method === 'HEAD'
    const route = isGet ? this.gets.get(path) : method === 'POST' ? this.posts.get(path) : undefined
    if (!isGet) refuseForeignPage(headers.origin, headers.host)
    if (route !== undefined) return route
    if (!this.isOpen) throw new RequestError(503, GRPC.unavailable, 'ERR_QUORATE_STARTING', 'the server is starting')
    const other = this.posts.has(path) ? 'POST' : this.gets.has(path) ? 'GET' : null
    if (other === null) throw new RequestError(404, GRPC.notFound, 'ERR_QUORATE_NOT_FOUND', `there is no ${path} here`)
    const message = `${path} takes ${other}, not ${method}`
    throw new RequestError(405, GRPC.unimplemented, 'ERR_QUORATE_METHOD', message)
  }

  private answerFailure(request: IncomingMessage, response: ServerResponse, error: unknown): void {
    const failure = describeFailure(error)
    if (failure === null) {
      const { stack } = error as Error
      this.logger.error('a request failed in a way that nobody foresaw', { url: request.url, stack })
    }
    // Where the body was not read to its end, the next request on this connection could not be found.
    if (!request.complete) response.setHeader('connection', 'close')
    const { httpStatus, ...rest } = failure ?? UNFORESEEN
    send(response, httpStatus, bytesOf(failureToJson(rest)))
  }

  /** What is not taken in time is thrown away, and its connection with it. */
  private send(response: ServerResponse, status: number, body: object | string): void {
    if (response.destroyed) return
    const bytes = bytesOf(body)
    if (bytes.length > SMALL_BYTES) this.held.requireRoom(bytes.length)
    this.held.hold(bytes.length)
    response.once('close', () => this.held.release(bytes.length))
    send(response, status, bytes, typeof body === 'string' ? METRICS_TYPE : JSON_TYPE)
    response.setTimeout(TAKING_TIMEOUT_MS, () => response.destroy())
  }
}

const UNFORESEEN: RequestFailure = {
  httpStatus: 500,
  grpcCode: GRPC.internal,
  reason: 'ERR_QUORATE_INTERNAL',
  message: 'internal error; the server wrote the reason to its log',
  applied: 'unknown',
}

function ownRoutes(service: KvService, { cluster }: GatewayIdentity): [string, Route][] {
  const health = async (): Promise<Reply> => {
    const isHealthy = await service.isHealthy(performance.now())
    return { status: isHealthy ? 200 : 503, body: { health: String(isHealthy) } }
  }
  const status = async (): Promise<Reply> => ok({ version: VERSION, cluster, pid: process.pid, ...service.status() })
  return [
    ['/health', health],
    ['/status', status],
    ['/metrics', async () => ({ status: 200, body: service.metricsText(cluster) })],
  ]
}

function gatewayRoute(call: GatewayCall): Route {
  return async (body) => ok(await call(body))
}

function ok(body: object): Reply {
  return { status: 200, body }
}

function versionReply(): object {
  return { etcdserver: ETCD_API_VERSION, etcdcluster: ETCD_API_VERSION, quorate: VERSION }
}

/**
 * A web page that somebody opens beside this server could send it writes: browsers let any page post a form to any
 * address. They also say whose page it is.
 */
function refuseForeignPage(origin: string | undefined, host: string | undefined): void {
  if (origin === undefined || origin === `http://${host}` || origin === `https://${host}`) return
  const message = `pages of ${origin} may not use this server`
  throw new RequestError(403, 7, 'ERR_QUORATE_FOREIGN_ORIGIN', message)
}

function failureToJson({ grpcCode, reason, message, applied }: Omit<RequestFailure, 'httpStatus'>): object {
  return { error: message, code: grpcCode, message, reason, applied }
}

function bytesOf(body: object | string): Buffer {
  return Buffer.from(typeof body === 'string' ? body : JSON.stringify(body))
}

function send(response: ServerResponse, status: number, bytes: Buffer, type = JSON_TYPE): void {
  if (response.headersSent || response.destroyed) return
  response.writeHead(status, { 'content-type': type, 'content-length': bytes.length })
  response.end(bytes)
}

/** What is no HTTP at all, or headers without end, gets an answer by hand. */
function refuseRawRequest(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy()
    return
  }
  const isTooLarge = error.code === 'HPE_HEADER_OVERFLOW'
  const isLate = error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
  const status = isTooLarge ? '431 Request Header Fields Too Large' : isLate ? '408 Request Timeout' : '400 Bad Request'
  socket.end(`HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`)
}

function explainListenError(address: string, error: NodeJS.ErrnoException): Error {
  if (error.code === 'EADDRINUSE') {
    return new UsageError(`client address ${address} is in use by another process: choose another with --client-listen`)
  }
  return new UsageError(`cannot listen for clients on ${address}: ${error.message}`)
}

function portOf(server: Server): number {
  const address = server.address()
  return typeof address === 'object' && address !== null ? address.port : 0
}
