import { describe, expect, test } from 'vitest'
import { checkInvariants, type LabResult, make, type RunOptions, runTest, selectTests } from '../../lab/index.ts'
import { Raft } from '../../raft/index.ts'
import { ClusterState } from '../../trace/cluster-state.ts'
import { countOf, eventAt, type Trace } from '../../trace/index.ts'
import { LabTracer } from './lab-tracer.ts'

const hop = setImmediate

function optionsFor(seed: number): RunOptions {
  return { make, seed, clock: { kind: 'virtual', hop }, watchSteps: checkInvariants }
}

async function traced(name: string, options: RunOptions, isCore = true): Promise<{ trace: Trace; result: LabResult }> {
  const [labTest] = selectTests(name)
  if (labTest === undefined) throw new Error(`there is no ${name}`)
  const tracer = new LabTracer(isCore)
  const result = await runTest(labTest, tracer.listen(options))
  return { trace: tracer.finish(result, 'npx quorate'), result }
}

function countsOf(trace: Trace): Map<string, number> {
  const counts = new Map<string, number>()
  for (let place = 0; place < countOf(trace); place++) {
    const { kind } = eventAt(trace, place)
    counts.set(kind, (counts.get(kind) ?? 0) + 1)
  }
  return counts
}

describe('a run of the lab as a trace', () => {
  // Crashes, an unreliable network, snapshots: each says something that the others do not.
  test.each(['TestFigure82C', 'TestBackup2B', 'TestSnapshotInstallUnCrash2D', 'TestPersist22C'])(
    '%s: at its end, the folded events are what the servers are',
    async (name) => {
      const cores = new Map<number, Raft>()
      const watchSteps = (): ((server: number, core: unknown) => void) => (server, core) => {
        if (core instanceof Raft) cores.set(server, core)
      }
      const { trace } = await traced(name, { ...optionsFor(3), watchSteps })
      const state = ClusterState.ofServers(trace.header.servers.length)
      for (let place = 0; place < countOf(trace); place++) state.apply(trace, place)
      expect(cores.size).toBeGreaterThan(2)
      for (const [server, core] of cores) {
        const { log, commitIndex, currentTerm, role } = core.inspect()
        const shown = state.servers[server]
        if (shown?.life === 'up') expect(shown).toMatchObject({ role, term: currentTerm, commit: commitIndex })
        expect(shown).toMatchObject({ durable: log.durableIndex })
        const terms = Array.from({ length: log.lastIndex - log.baseIndex }, (_, i) => log.baseIndex + 1 + i)
        expect(terms.map((index) => shown?.log.termAt(index))).toEqual(terms.map((index) => log.termAt(index)))
        expect(shown?.log).toMatchObject({ baseIndex: log.baseIndex, lastIndex: log.lastIndex })
      }
    },
  )

  test('is the same run as without', async () => {
    const [labTest] = selectTests('TestPersist22C')
    if (labTest === undefined) throw new Error('there is no such test')
    const alone = await runTest(labTest, optionsFor(4))
    const { result } = await traced('TestPersist22C', optionsFor(4))
    expect(result.traceHash).toBe(alone.traceHash)
  })

  test('every call is two messages, and every message ends at most once', async () => {
    const { trace, result } = await traced('TestFailAgree2B', optionsFor(1))
    const counts = countsOf(trace)
    const [sent, arrived, lost] = ['send', 'arrive', 'lose'].map((kind) => counts.get(kind) ?? 0)
    expect(sent).toBeGreaterThan(result.rpcs)
    expect((arrived ?? 0) + (lost ?? 0)).toBeLessThanOrEqual(sent ?? 0)
    expect(lost).toBeGreaterThan(0)
  })

  test('a server leads before it sends what leaders send', async () => {
    const { trace } = await traced('TestInitialElection2A', optionsFor(1))
    const events = Array.from({ length: countOf(trace) }, (_, place) => eventAt(trace, place))
    const leads = events.findIndex((event) => event.kind === 'role' && event.role === 'leader')
    const sends = events.findIndex((event) => event.kind === 'send' && event.type === 'AppendEntries')
    expect(leads).toBeGreaterThan(0)
    expect(leads).toBeLessThan(sends)
    expect(trace.events.at).toEqual([...trace.events.at].sort((one, other) => one - other))
  })

  test('a command that another one took the place of has failed', async () => {
    const { trace } = await traced('TestBackup2B', optionsFor(3))
    const outcomes = Array.from({ length: countOf(trace) }, (_, place) => eventAt(trace, place)).flatMap((event) =>
      event.kind === 'return' ? [event.outcome] : [],
    )
    expect(new Set(outcomes)).toEqual(new Set(['ok', 'fail']))
  })

  test('of a Raft that cannot be looked into, what it applies and what it was told is shown', async () => {
    const { watchSteps: _, ...options } = optionsFor(1)
    const { trace } = await traced('TestBasicAgree2B', options, false)
    const state = ClusterState.ofServers(3)
    for (let place = 0; place < countOf(trace); place++) state.apply(trace, place)
    expect(state.servers.map(({ applied }) => applied)).toEqual([3, 3, 3])
    expect(state.servers.filter(({ role }) => role === 'leader')).toHaveLength(1)
  })

  test('a broken invariant is a violation of that server, in its own words', async () => {
    const watchSteps = (): ((server: number, core: unknown) => void) => {
      const check = checkInvariants()
      return (server, core) => {
        check(server, core)
        if (core instanceof Raft && core.inspect().role === 'leader') Object.assign(core.inspect(), { commitIndex: 99 })
      }
    }
    const { trace } = await traced('TestInitialElection2A', { ...optionsFor(1), watchSteps })
    const last = eventAt(trace, countOf(trace) - 1)
    expect(last).toMatchObject({ kind: 'violation', property: 'Order of Indexes' })
    expect(last).toMatchObject({
      detail: expect.stringMatching(/^\d \(leader, term 1\) base 0, snapshot 0, committed 99, last 0$/),
    })
  })
})
