import { beforeEach, describe, expect, test } from 'vitest'
import { type Transport, TransportError } from '../../transport/transport.ts'
import { NodeError } from '../errors.ts'
import { proposalOf } from '../testing/requests.ts'
import { Forwarder } from './forwarder.ts'
import { decodeForward, encodeOutcomes, type Forward, type ForwardedOutcome } from './forwarding.ts'
import type { Proposal } from './proposals.ts'

/** What was asked of the leader, and how the test lets it answer. */
interface Asked {
  readonly forward: Forward
  readonly answer: (...outcomes: ForwardedOutcome[]) => Promise<void>
  readonly fail: (error: Error) => Promise<void>
}

let asked: Asked[]
let givenBack: Proposal[]
let outcomes: string[]
let forwarder: Forwarder

beforeEach(() => {
  asked = []
  givenBack = []
  outcomes = []
  forwarder = new Forwarder(leader(), (proposal) => givenBack.push(proposal))
})

function leader(): Transport {
  const request = (_to: string, body: Uint8Array): Promise<Uint8Array> =>
    new Promise((resolve, reject) => {
      asked.push({
        forward: decodeForward(body) as Forward,
        answer: async (...results) => resolve(encodeOutcomes(results, 2 ** 20)),
        fail: async (error) => reject(error),
      })
    })
  return { request } as Partial<Transport> as Transport
}

function pass(...commands: string[]): void {
  forwarder.pass(
    commands.map((command) => proposalOf(command, outcomes)),
    'x',
    0,
  )
}

async function settled(): Promise<void> {
  for (let i = 0; i < 5; i++) await Promise.resolve()
}

describe('the forwarder', () => {
  test('puts all of a turn into one request, with the time that is left', () => {
    pass('a', 'b', 'c')
    expect(asked.map(({ forward }) => [forward.proposals.length, forward.timeoutMs])).toEqual([[3, 1000]])
  })

  test('waits for a leader that was replaced, but not long: it may be held up for minutes', () => {
    pass('a')
    forwarder.sweep(10, 'x')
    forwarder.sweep(50, 'y')
    forwarder.sweep(190, 'y')
    expect(outcomes).toEqual([])
    forwarder.sweep(210, 'y')
    expect(outcomes).toEqual(['a: OUTCOME_UNKNOWN unknown'])
  })

  test('splits what is too much for one request, by bytes and by number', () => {
    pass(...Array.from({ length: 4 }, () => 'x'.repeat(400_000)))
    pass(...Array.from({ length: 5000 }, () => ''))
    expect(asked.map(({ forward }) => forward.proposals.length)).toEqual([2, 2, 2048, 2048, 904])
  })

  test('sends one that is larger than a request should be all the same', () => {
    pass('a', 'x'.repeat(1_500_000), 'b')
    expect(asked.map(({ forward }) => forward.proposals.length)).toEqual([1, 1, 1])
  })

  test('gives each proposal its own outcome', async () => {
    pass('a', 'b')
    await asked[0]?.answer(new Uint8Array([7]), new NodeError('ERR_QUORATE_SUPERSEDED', '', 'no'))
    await settled()
    expect(outcomes).toEqual(['a: 7', 'b: SUPERSEDED no'])
    expect(forwarder.isEmpty).toBe(true)
    expect(forwarder.bytesUnderWay).toBe(0)
  })

  test('gives back what the other did not take because it does not lead, or stops', async () => {
    pass('a', 'b')
    const [noLeader, stopped] = (['ERR_QUORATE_NO_LEADER', 'ERR_QUORATE_STOPPED'] as const).map(
      (code) => new NodeError(code, '', 'no'),
    )
    await asked[0]?.answer(noLeader as NodeError, stopped as NodeError)
    await settled()
    expect(outcomes).toEqual([])
    expect(givenBack.map(({ handedOver }) => handedOver)).toEqual([false, false])
  })

  test('does not take the leader’s stopping for our own', async () => {
    pass('a')
    await asked[0]?.answer(new NodeError('ERR_QUORATE_STOPPED', '', 'unknown'))
    await settled()
    expect(outcomes).toEqual(['a: OUTCOME_UNKNOWN unknown'])
  })

  test('gives back what certainly did not arrive', async () => {
    pass('a')
    await asked[0]?.fail(new TransportError('ERR_QUORATE_UNREACHABLE', '', 'never'))
    await settled()
    expect(givenBack).toHaveLength(1)
  })

  test.each([new TransportError('ERR_QUORATE_CONNECTION_LOST', '', 'unknown'), new Error('something else')])(
    'cannot tell what became of it after %s',
    async (error) => {
      pass('a')
      await asked[0]?.fail(error)
      await settled()
      expect(outcomes).toEqual(['a: OUTCOME_UNKNOWN unknown'])
      expect(givenBack).toEqual([])
    },
  )

  test('cannot tell either when the answer makes no sense', async () => {
    pass('a', 'b')
    await asked[0]?.answer(new Uint8Array(1))
    await settled()
    expect(outcomes).toEqual(['a: OUTCOME_UNKNOWN unknown', 'b: OUTCOME_UNKNOWN unknown'])
  })

  test('does not wait for the answer beyond a proposal’s time, and ignores it then', async () => {
    pass('a')
    forwarder.sweep(1000, 'x')
    await asked[0]?.fail(new TransportError('ERR_QUORATE_UNREACHABLE', '', 'never'))
    await settled()
    expect(outcomes).toEqual(['a: OUTCOME_UNKNOWN unknown'])
    expect(givenBack).toEqual([])
  })

  test('counts what is under way until its answer comes', async () => {
    pass('x'.repeat(1000))
    expect(forwarder.bytesUnderWay).toBeGreaterThan(1000)
    forwarder.failAll('the end')
    expect(outcomes[0]).toMatch('STOPPED unknown')
  })
})
