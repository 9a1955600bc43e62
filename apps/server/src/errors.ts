/** How a request or a command can fail, for whoever made it: numbers for programs, one sentence for people. */
import { NodeError } from 'quorate'
import { RevisionError } from 'quorate/kv'

/** The command line or the configuration is wrong: exit status 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/** gRPC's status codes, as far as the gateway gives them. */
export const GRPC = {
  invalidArgument: 3,
  notFound: 5,
  resourceExhausted: 8,
  outOfRange: 11,
  unimplemented: 12,
  internal: 13,
  unavailable: 14,
} as const

export interface RequestFailure {
  readonly httpStatus: number
  readonly grpcCode: number
  /** A stable ERR_QUORATE_… code, for programs. */
  readonly reason: string
  readonly message: string
  /** Whether a write may have happened, or may still; 'no' for everything else. */
  readonly applied: 'no' | 'unknown'
}

/** A request that cannot be answered. Nothing was changed by it. */
export class RequestError extends Error {
  override readonly name = 'RequestError'
  readonly httpStatus: number
  readonly grpcCode: number
  readonly reason: string

  constructor(httpStatus: number, grpcCode: number, reason: string, message: string) {
    super(message)
    this.httpStatus = httpStatus
    this.grpcCode = grpcCode
    this.reason = reason
  }
}

export function badRequest(message: string): RequestError {
  return new RequestError(400, GRPC.invalidArgument, 'ERR_QUORATE_BAD_REQUEST', message)
}

/** What the client is told; null for an error that nobody foresaw, whose text is for the log only. */
export function describeFailure(error: unknown): RequestFailure | null {
  if (error instanceof RequestError) {
    const { httpStatus, grpcCode, reason, message } = error
    return { httpStatus, grpcCode, reason, message, applied: 'no' }
  }
  if (error instanceof RevisionError) {
    const { code: reason, message } = error
    return { httpStatus: 400, grpcCode: GRPC.outOfRange, reason, message, applied: 'no' }
  }
  return error instanceof NodeError ? describeNodeError(error) : null
}

function describeNodeError(error: NodeError): RequestFailure {
  const { code: reason, applied } = error
  const outcome = applied === 'no' ? 'it was certainly not applied' : 'it may have been applied'
  const message = `${error.message} (${outcome})`
  switch (reason) {
    case 'ERR_QUORATE_TOO_LARGE':
      return { httpStatus: 413, grpcCode: GRPC.invalidArgument, reason, message, applied }
    case 'ERR_QUORATE_OVERLOADED':
      return { httpStatus: 429, grpcCode: GRPC.resourceExhausted, reason, message, applied }
    case 'ERR_QUORATE_DISK_FULL':
      return { httpStatus: 507, grpcCode: GRPC.resourceExhausted, reason, message, applied }
    default:
      return { httpStatus: 503, grpcCode: GRPC.unavailable, reason, message, applied }
  }
}
