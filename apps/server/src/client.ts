/**
 * A client of the JSON gateway for the command line. Any server takes any request, so the next endpoint is tried when
 * one is not there; a write is repeated only when the first attempt certainly had no effect.
 */
export class ClientError extends Error {
  override readonly name = 'ClientError'
}

const REQUEST_TIMEOUT_MS = 10_000
/** Nobody was reached: the request had no effect. */
const NOT_REACHED: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EHOSTUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
])

interface Attempt {
  readonly url: string
  readonly path: string
  /** Absent for GET. */
  readonly body?: object
}

type Outcome = { readonly reply: unknown } | { readonly failure: string; readonly mayRepeat: boolean }

/**
 * @param mayRepeat for requests that change nothing: try the next endpoint whatever went wrong
 * @throws ClientError with the reason of every endpoint that was tried
 */
export async function request(
  endpoints: readonly string[],
  path: string,
  body: object | undefined,
  mayRepeat: boolean,
): Promise<unknown> {
  const failures: string[] = []
  for (const url of endpoints) {
    const outcome = await attempt({ url, path, ...(body === undefined ? {} : { body }) })
    if ('reply' in outcome) return outcome.reply
    failures.push(`${url}: ${outcome.failure}`)
    if (!mayRepeat && !outcome.mayRepeat) break
  }
  throw new ClientError(failures.join('\n'))
}

async function attempt({ url, path, body }: Attempt): Promise<Outcome> {
  try {
    const response = await fetch(url + path, {
      signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
      ...(body === undefined
        ? {}
        : { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
    })
    const reply = (await response.json()) as { readonly message?: string; readonly applied?: string }
    if (response.ok) return { reply }
    const isOthersFault = response.status < 500 && response.status !== 429
    return {
      failure: reply.message ?? `status ${response.status}`,
      mayRepeat: !isOthersFault && reply.applied === 'no',
    }
  } catch (error) {
    return explainFetchError(error as Error)
  }
}

function explainFetchError(error: Error): Outcome {
  const cause = error.cause as NodeJS.ErrnoException | undefined
  const mayRepeat = NOT_REACHED.has(cause?.code ?? '')
  if (error.name === 'TimeoutError') return { failure: `no answer within ${REQUEST_TIMEOUT_MS} ms`, mayRepeat }
  const reason = cause?.code === 'ECONNREFUSED' ? 'nobody listens there' : (cause?.message ?? error.message)
  return { failure: reason, mayRepeat }
}
