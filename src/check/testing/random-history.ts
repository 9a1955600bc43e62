// Histories as clients of a correct object would see them: each operation takes effect at one instant between its
// invocation and its completion. And wrong ones, made from those.

import { Random } from '../../util/random.ts'
import type { HistoryEvent } from '../history.ts'
import { callOf, initialState, type Model } from '../model.ts'
import { keyValue, register } from '../models.ts'
import type { Operation } from '../operation.ts'

/** What is to happen. */
export interface Plan {
  readonly seed: number
  readonly operations: number
  readonly clients: number
  /** Without keys it is a register. */
  readonly keys?: number
  /** Values are of 0 to this; without it, each write has a value of its own. */
  readonly values?: number
  /** How many of the answers get lost, from 0 to 1; of those, half took effect. */
  readonly lost?: number
  /** By default reads, writes and cas; of keys gets, puts and appends. */
  readonly verbs?: readonly string[]
}

interface Busy {
  readonly event: HistoryEvent
  result: unknown
  isDone: boolean
}

/** All clients are busy all the time, and whose turn it is is drawn: each overlaps with nearly all others. */
export function randomHistory(plan: Plan): HistoryEvent[] {
  const { seed, operations, clients, keys, lost = 0 } = plan
  const random = new Random(seed)
  const store = new Store(keys === undefined ? register : keyValue)
  const busy = new Array<Busy | null>(clients).fill(null)
  const names = Array.from({ length: clients }, (_, i) => i)
  const events: HistoryEvent[] = []
  for (let begun = 0; begun < operations || busy.some((one) => one !== null); ) {
    const client = random.below(clients)
    const one = busy[client] ?? null
    if (one === null) {
      if (begun === operations) continue
      const event = ask(names[client] as number, begun++, plan, random)
      events.push(event)
      busy[client] = { event, result: undefined, isDone: false }
    } else if (one.isDone) {
      const { value: _, ...rest } = one.event
      events.push({ ...rest, type: 'ok', value: one.result })
      busy[client] = null
    } else if (random.chance(lost)) {
      if (random.chance(0.5)) store.apply(one)
      events.push({ ...one.event, type: 'info' })
      names[client] = (names[client] as number) + clients
      busy[client] = null
    } else {
      // What does not fit, such as a cas that finds another value, waits for its turn a few times, and then fails.
      if (store.apply(one)) continue
      events.push({ ...one.event, type: 'fail' })
      busy[client] = null
    }
  }
  return events
}

/** The object itself, each key by itself. */
class Store {
  private readonly model: Model<unknown>
  private readonly states = new Map<unknown, unknown>()

  constructor(model: Model<unknown>) {
    this.model = model
  }

  apply(one: Busy): boolean {
    const { key, f, value } = one.event
    const state = this.states.has(key) ? this.states.get(key) : initialState(this.model)
    const call = { f, value, result: undefined, outcome: 'unknown' as const }
    const step = this.model.step(state, call)
    if (step === null) return false
    this.states.set(key, step.state)
    one.result = f === 'read' || f === 'get' ? state : value
    one.isDone = true
    return true
  }
}

function ask(client: number, number: number, plan: Plan, random: Random): HistoryEvent {
  const { keys, values, verbs = keys === undefined ? ['read', 'write', 'cas'] : ['get', 'put', 'append'] } = plan
  const f = random.pick(verbs)
  const draw = (): unknown => {
    const one = values === undefined ? number : random.below(values)
    return keys === undefined ? one : `${one};`
  }
  const asked = f === 'cas' ? [draw(), draw()] : f === 'read' || f === 'get' || f === 'delete' ? null : draw()
  const where = keys === undefined ? {} : { key: `k${random.below(keys)}` }
  return { process: client, type: 'invoke', f, ...where, value: asked }
}

/** Exchanges the answers of two reads of one key, if two differ: mostly that is wrong. */
export function swapTwoAnswers(operations: readonly Operation[], random: Random): Operation[] {
  const swapped = [...operations]
  const reads = [...operations.keys()].filter((i) => {
    const { f, completed } = operations[i] as Operation
    return completed !== null && (f === 'read' || f === 'get')
  })
  if (reads.length === 0) return swapped
  const i = random.pick(reads)
  const one = operations[i] as Operation
  const others = reads.filter((k) => {
    const other = operations[k] as Operation
    return callOf(other).key === one.key && other.result !== one.result
  })
  if (others.length === 0) return swapped
  const k = random.pick(others)
  const other = operations[k] as Operation
  swapped[i] = { ...one, result: other.result }
  swapped[k] = { ...other, result: one.result }
  return swapped
}
