/**
 * The fields of a request in JSON, read as protobuf's JSON mapping says: lower_snake or lowerCamel names, 64-bit numbers
 * as strings or numbers, bytes in base64, enums by name or number, null and absent both for the default. What nobody has
 * read by the end is a field that does not exist: a misspelt `range_end` must not delete another key than was meant.
 */
import { badRequest, GRPC, RequestError } from './errors.ts'

const BASE64 = /^[A-Za-z0-9+/_-]*={0,2}$/
const INT64 = /^-?\d{1,19}$/

export class RequestFields {
  private readonly fields: Map<string, unknown>

  /** @throws RequestError when the text is no JSON object, or names a field twice in both spellings */
  constructor(text: string) {
    this.fields = new Map()
    for (const [name, value] of Object.entries(parseObject(text))) {
      const snake = name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
      if (this.fields.has(snake)) throw badRequest(`the field ${snake} is given twice`)
      this.fields.set(snake, value)
    }
  }

  bytes(name: string): Uint8Array {
    const value = this.take(name) ?? ''
    if (typeof value !== 'string' || !BASE64.test(value) || value.replaceAll('=', '').length % 4 === 1) {
      throw badRequest(`${name} is not base64: keys and values are written in base64, "foo" as "Zm9v"`)
    }
    return new Uint8Array(Buffer.from(value, 'base64'))
  }

  /** A key, which etcd wants to be there. */
  key(): Uint8Array {
    const key = this.bytes('key')
    if (key.length === 0) throw badRequest('key is not provided')
    return key
  }

  int64(name: string): number {
    const value = this.take(name) ?? 0
    const isNumber = typeof value === 'number' || (typeof value === 'string' && INT64.test(value))
    if (!isNumber || !Number.isSafeInteger(Number(value))) throw badRequest(`${name} is not a whole number below 2^53`)
    return Number(value)
  }

  flag(name: string): boolean {
    const value = this.take(name) ?? false
    if (typeof value !== 'boolean') throw badRequest(`${name} is neither true nor false`)
    return value
  }

  choice<Name extends string>(name: string, choices: readonly [Name, ...Name[]]): Name {
    const value = this.take(name) ?? 0
    const chosen = typeof value === 'number' ? choices[value] : choices.find((choice) => choice === value)
    if (chosen === undefined) throw badRequest(`${name} is none of ${choices.join(', ')}`)
    return chosen
  }

  /** A field that etcd has and this server does not: harmless at its default, refused otherwise. */
  unsupported(name: string): void {
    const value = this.take(name) ?? 0
    if (value === 0 || value === '0' || value === false) return
    throw new RequestError(501, GRPC.unimplemented, 'ERR_QUORATE_UNSUPPORTED', `${name} is not supported`)
  }

  /** @throws RequestError when a field is left that nobody asked for */
  end(): void {
    const [unknown] = this.fields.keys()
    if (unknown !== undefined) throw badRequest(`unknown field ${JSON.stringify(unknown)}`)
  }

  private take(name: string): unknown {
    const value = this.fields.get(name)
    this.fields.delete(name)
    return value
  }
}

function parseObject(text: string): object {
  const value = parseJson(text)
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value
  throw badRequest('the body is not a JSON object')
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw badRequest(`the body is not JSON: ${(error as Error).message}`)
  }
}
