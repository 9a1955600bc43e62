// Who judges the servers is judged here: a store in memory that is right, and the same with one thing wrong.
import { expect, test } from 'vitest'
import { checkLinearizability, type HistoryEvent, keyValue, operationsOf } from '../../src/check/index.ts'
import { Random } from '../../src/util/random.ts'

interface Pair {
  readonly key: string
  readonly value: string
  readonly mod_revision: string
  readonly version: string
}

interface Clients {
  readonly events: readonly HistoryEvent[]
  readonly violations: readonly string[]
  stop(): Promise<void>
  checkOnce(pairs: readonly object[]): void
}

type Fields = Readonly<Record<string, string>>

interface Answer {
  readonly status: number
  readonly body: object
}

/** The chaos program is plain JavaScript, without types. */
const load = (path: string): Promise<unknown> => import(new URL(`../../chaos/harness/${path}`, import.meta.url).href)
const { Clients } = (await load('clients.js')) as { Clients: new (options: object) => Clients }
const { drawPlan } = (await load('plan.js')) as { drawPlan(random: Random, options: object): readonly object[] }
const { pairsIn } = (await load('http.js')) as { pairsIn(body: object): readonly object[] }

/** Answers as a server does. */
class Store {
  readonly pairs = new Map<string, Pair>()
  revision = 1

  call(_server: unknown, path: string, fields: Fields): Promise<Answer> {
    const key = fields['key'] ?? ''
    const found = this.pairs.get(key)
    if (path.endsWith('/range')) return this.answer({ kvs: found === undefined ? [] : [found] })
    if (path.endsWith('put')) {
      this.revision++
      const version = String(Number(found?.version ?? 0) + 1)
      this.pairs.set(key, { key, value: fields['value'] ?? '', mod_revision: String(this.revision), version })
      return this.answer({ prev_kv: found })
    }
    if (found === undefined) return this.answer({})
    this.revision++
    this.pairs.delete(key)
    return this.answer({ prev_kvs: [found] })
  }

  answer(body: object): Promise<Answer> {
    return Promise.resolve({ status: 200, body: { header: { revision: String(this.revision) }, ...body } })
  }
}

/** @returns what the clients complain of, and whether their history is linearizable */
async function judge(store: Store): Promise<{ complaints: string; verdict: string }> {
  const parts = { servers: [{ id: 'a' }], caller: store, random: new Random(1), count: 16, prefix: 'p1/' }
  const clients = new Clients(parts)
  await new Promise((resolve) => setTimeout(resolve, 300))
  await clients.stop()
  clients.checkOnce(pairsIn({ kvs: [...store.pairs.values()] }))
  const { verdict } = checkLinearizability(operationsOf(clients.events), keyValue)
  expect(clients.events.length).toBeGreaterThan(30)
  return { complaints: clients.violations.join('\n'), verdict }
}

test('a store that is right gives nothing to complain of', async () => {
  expect(await judge(new Store())).toEqual({ complaints: '', verdict: 'linearizable' })
})

test('a put that is acknowledged and lost is noticed', async () => {
  class Forgetful extends Store {
    override async call(server: unknown, path: string, fields: Fields): Promise<Answer> {
      const answer = await super.call(server, path, fields)
      if (path.endsWith('put') && this.revision % 3 === 0) this.pairs.delete(fields['key'] ?? '')
      return answer
    }
  }
  const { complaints, verdict } = await judge(new Forgetful())
  expect(complaints).toMatch(/was acknowledged at revision \d+, and there is nothing/)
  expect(verdict).toBe('not')
})

test('a put that is applied twice is noticed', async () => {
  class Stammering extends Store {
    override async call(server: unknown, path: string, fields: Fields): Promise<Answer> {
      const answer = await super.call(server, path, fields)
      if (path.endsWith('put') && this.revision % 3 === 0) await super.call(server, path, fields)
      return answer
    }
  }
  expect((await judge(new Stammering())).complaints).toMatch(
    /was acknowledged at revision \d+, and there is .*"version":2/,
  )
})

test('a put that is refused and done all the same is noticed', async () => {
  class Lying extends Store {
    override async call(server: unknown, path: string, fields: Fields): Promise<Answer> {
      const answer = await super.call(server, path, fields)
      return path.endsWith('put') && this.revision % 3 === 0 ? { status: 503, body: { applied: 'no' } } : answer
    }
  }
  const { complaints, verdict } = await judge(new Lying())
  expect(complaints).toMatch(/which nobody asked for, or which certainly failed/)
  expect(verdict).toBe('not')
})

test('a read that is old is noticed by its revision alone', async () => {
  class Behind extends Store {
    override async answer(body: object): Promise<Answer> {
      const answer = await super.answer(body)
      const isRead = 'kvs' in body && this.revision % 3 === 0
      return isRead ? { ...answer, body: { ...answer.body, header: { revision: String(this.revision - 1) } } } : answer
    }
  }
  expect((await judge(new Behind())).complaints).toMatch(/^a read \S+ at revision \d+, when \d+ was known before/)
})

test('a plan is the seed’s, and another seed’s is another one', () => {
  const options = { kinds: ['kill', 'cut', 'freeze'], servers: 3, troubleMs: 30_000 }
  const plan = drawPlan(new Random(7), options)
  expect(plan.length).toBeGreaterThan(10)
  expect(drawPlan(new Random(7), options)).toEqual(plan)
  expect(drawPlan(new Random(8), options)).not.toEqual(plan)
})
