// Mutated bodies for the server's HTTP gateway: bytes that are no JSON, JSON that is no request, and requests that are.
import { Readable } from 'node:stream'
import { describeFailure } from '../../apps/server/dist/errors.js'
import { gatewayCalls } from '../../apps/server/dist/gateway.js'
import { HeldBytes } from '../../apps/server/dist/held-bytes.js'
import { KvService } from '../../apps/server/dist/kv-service.js'
import { readBody } from '../../apps/server/dist/request-body.js'
import { LonelyConsensus } from '../../apps/server/dist/testing/lonely-consensus.js'
import { KvStateMachine } from '../../dist/kv/index.js'
import { mutate } from '../../dist/runtime/testing/hostile/mutate.js'
import { Random } from '../../dist/util/random.js'

const SAMPLES = [
  { path: '/v3/kv/put', body: { key: 'Zm9v', value: 'YmFy', prev_kv: true } },
  {
    path: '/v3/kv/range',
    body: { key: 'Zm9v', range_end: 'AA==', limit: '5', sort_order: 'DESCEND', keys_only: true },
  },
  { path: '/v3/kv/deleterange', body: { key: 'Zm9v', rangeEnd: 'Zm9w', prevKv: true } },
]
const VALUES = [
  ...[
    'null',
    'true',
    '-1',
    '1e400',
    '9223372036854775807',
    '"9223372036854775808"',
    '{}',
    '[]',
    '""',
    '"="',
    '"\\ud800"',
  ],
  ...[
    '"__proto__"',
    '{"__proto__":{"key":"Zm9v"}}',
    `${'"AAAA'.padEnd(2000, 'A')}"`,
    '['.repeat(20_000),
    '1.5',
    '"1e3"',
  ],
]
const NAMES = [
  '__proto__',
  'constructor',
  'toString',
  'key',
  'value',
  'limit',
  'Key',
  'range_end',
  'rangeEnd',
  'revision',
  '',
]
/** What is put into the store stays there: after so many requests another one begins. */
const LIFE_REQUESTS = 5000

/** @returns counts by what became of them; whatever nobody foresaw is a finding */
export async function attackBodies({ inputs, seed }, note) {
  note(`bodies of requests: ${inputs.toLocaleString('en')} inputs`)
  const random = new Random(seed)
  const fates = { accepted: 0, refused: 0 }
  const findings = []
  let calls = newCalls()
  const held = new HeldBytes()
  for (let i = 0; i < inputs && findings.length < 10; i++) {
    if (i % LIFE_REQUESTS === 0) calls = newCalls()
    const { path, bytes } = drawRequest(random)
    try {
      const text = await readBody(Object.assign(Readable.from([bytes]), { headers: {} }), held)
      JSON.stringify(await calls.get(path)(text))
      fates.accepted++
    } catch (error) {
      if (describeFailure(error) === null) findings.push(`${path} ${bytes.subarray(0, 300)}: ${error.stack}`)
      fates.refused++
    }
  }
  if (Object.hasOwn(Object.prototype, 'key')) findings.push('the prototype of all objects has got a key')
  return { inputs, fates, findings }
}

function newCalls() {
  const machine = new KvStateMachine()
  const service = new KvService(new LonelyConsensus(machine), machine, 1000)
  return gatewayCalls(service, { cluster: 'test', id: 'a' })
}

function drawRequest(random) {
  const { path, body } = random.pick(SAMPLES)
  const valid = Buffer.from(JSON.stringify(body))
  if (random.chance(0.5)) return { path, bytes: Buffer.from(mutate(random, valid, valid)) }
  const fields = Object.entries(body).map(([name, value]) => [name, JSON.stringify(value)])
  for (let left = 1 + random.below(3); left > 0; left--) {
    const field = random.pick(fields)
    if (random.chance(0.6)) field[1] = random.pick(VALUES)
    else if (random.chance(0.5)) field[0] = random.pick(NAMES)
    else fields.push([random.pick(NAMES), random.pick(VALUES)])
  }
  const text = `{${fields.map(([name, value]) => `${JSON.stringify(name)}:${value}`).join()}}`
  return { path, bytes: Buffer.from(text) }
}
