/**
 * etcd's JSON gateway: `POST /v3/kv/put`, `/v3/kv/range`, `/v3/kv/deleterange`. Requests and responses are etcd's
 * messages in protobuf's JSON mapping: bytes in base64, 64-bit numbers as strings, fields at their default left out.
 */
import { createHash } from 'node:crypto'
import type { KeyValue, RangeQuery, RangeResult, SortTarget } from 'quorate/kv'
import { GRPC, RequestError } from './errors.ts'
import type { KvService } from './kv-service.ts'
import { RequestFields } from './request-fields.ts'

/** Above it, JSON and base64 would take a string of several hundred megabytes, and the loop for seconds. */
const MAX_RANGE_BYTES = 64 * 1024 * 1024

export interface GatewayIdentity {
  readonly cluster: string
  readonly id: string
}

const SORT_TARGETS: Record<string, SortTarget> = {
  KEY: 'key',
  VERSION: 'version',
  CREATE: 'createRevision',
  MOD: 'modRevision',
  VALUE: 'value',
}

/** A request's body to its response, as an object for JSON. @throws what `describeFailure` knows */
export type GatewayCall = (body: string) => Promise<object>

export function gatewayCalls(service: KvService, identity: GatewayIdentity): ReadonlyMap<string, GatewayCall> {
  const header = headerFor(service, identity)
  return new Map([
    ['/v3/kv/put', async (body) => put(service, header, new RequestFields(body))],
    ['/v3/kv/range', async (body) => range(service, header, new RequestFields(body))],
    ['/v3/kv/deleterange', async (body) => deleteRange(service, header, new RequestFields(body))],
  ])
}

type Header = (revision: number) => object

async function put(service: KvService, header: Header, fields: RequestFields): Promise<object> {
  const command = {
    type: 'put',
    key: fields.key(),
    value: fields.bytes('value'),
    withPrevious: fields.flag('prev_kv'),
  } as const
  for (const name of ['lease', 'ignore_value', 'ignore_lease']) fields.unsupported(name)
  fields.end()
  const { revision, previous } = await service.put(command)
  return { header: header(revision), prev_kv: previous[0] && pairToJson(previous[0]) }
}

async function deleteRange(service: KvService, header: Header, fields: RequestFields): Promise<object> {
  const key = fields.key()
  const rangeEnd = fields.bytes('range_end')
  const withPrevious = fields.flag('prev_kv')
  fields.end()
  const { revision, affected, previous } = await service.deleteRange({
    type: 'deleteRange',
    key,
    rangeEnd,
    withPrevious,
  })
  return { header: header(revision), deleted: int64(affected), prev_kvs: list(previous) }
}

async function range(service: KvService, header: Header, fields: RequestFields): Promise<object> {
  const query = readQuery(fields)
  const serializable = fields.flag('serializable')
  fields.end()
  const result = await service.range(query, serializable)
  requireModestSize(result)
  const { revision, pairs, more, count } = result
  return { header: header(revision), kvs: list(pairs), more: more || undefined, count: int64(count) }
}

function readQuery(fields: RequestFields): RangeQuery {
  const order = fields.choice('sort_order', ['NONE', 'ASCEND', 'DESCEND'])
  const target = fields.choice('sort_target', ['KEY', 'VERSION', 'CREATE', 'MOD', 'VALUE'])
  return {
    key: fields.key(),
    rangeEnd: fields.bytes('range_end'),
    limit: fields.int64('limit'),
    revision: fields.int64('revision'),
    countOnly: fields.flag('count_only'),
    keysOnly: fields.flag('keys_only'),
    // As in etcd, a target other than the key sorts upwards when no order is given.
    sortTarget: SORT_TARGETS[target] as SortTarget,
    descending: order === 'DESCEND',
    minModRevision: fields.int64('min_mod_revision'),
    maxModRevision: fields.int64('max_mod_revision'),
    minCreateRevision: fields.int64('min_create_revision'),
    maxCreateRevision: fields.int64('max_create_revision'),
  }
}

function requireModestSize({ pairs }: RangeResult): void {
  let bytes = 0
  for (const { key, value } of pairs) bytes += key.length + value.length
  if (bytes <= MAX_RANGE_BYTES) return
  const message = `the range holds ${bytes} bytes, and a response at most ${MAX_RANGE_BYTES}: ask for parts of it with limit`
  throw new RequestError(429, GRPC.resourceExhausted, 'ERR_QUORATE_RESPONSE_TOO_LARGE', message)
}

function headerFor(service: KvService, { cluster, id }: GatewayIdentity): Header {
  const cluster_id = numericId(`cluster ${cluster}`)
  const member_id = numericId(`member ${cluster} ${id}`)
  return (revision) => ({ cluster_id, member_id, revision: int64(revision), raft_term: int64(service.term()) })
}

/** etcd's ids are 64-bit numbers: a name always gives the same one. */
function numericId(name: string): string {
  return createHash('sha256').update(name).digest().readBigUInt64BE().toString()
}

function list(pairs: readonly KeyValue[]): object[] | undefined {
  return pairs.length === 0 ? undefined : pairs.map(pairToJson)
}

function pairToJson({ key, value, createRevision, modRevision, version }: KeyValue): object {
  return {
    key: base64(key),
    create_revision: int64(createRevision),
    mod_revision: int64(modRevision),
    version: int64(version),
    value: value.length === 0 ? undefined : base64(value),
  }
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64')
}

/** JSON.stringify leaves out what is undefined. */
function int64(value: number): string | undefined {
  return value === 0 ? undefined : String(value)
}
