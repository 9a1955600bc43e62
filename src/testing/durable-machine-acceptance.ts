/**
 * What a StateMachine with an `appliedIndex` must do beyond what every StateMachine must, as a list of stories that any
 * test runner can run: its state and its index are of one moment, whenever its process ends. Whoever writes one brings a
 * stage that can open a machine again on what it has left on its disk.
 *
 * ```ts
 * for (const { title, run } of [...stateMachineAcceptance, ...durableMachineAcceptance]) test(title, () => run(stage))
 * ```
 */
import type { StateMachine } from '../runtime/state-machine.ts'
import { assert } from '../util/assert.ts'
import { expectSameAnswers, expectSameState, Replica, type Snapshot } from './replica.ts'
import { commandsOf, replicaOf, replicaWith, type StateMachineStage } from './state-machine-acceptance.ts'

/** What a story needs of the author of a durable state machine. */
export interface DurableMachineStage extends StateMachineStage {
  /** Closes a machine as an orderly stop does, and opens another one on the same disk. */
  reopen(machine: StateMachine): StateMachine | Promise<StateMachine>
  /**
   * As `reopen`, but the machine was not closed, and may be in the middle of something: its process was killed, or the
   * power went, and the newest transactions with it. Without it the stories are content with `reopen`.
   */
  crash?(machine: StateMachine): StateMachine | Promise<StateMachine>
}

/** One story. `run` rejects with what it found instead when the machine breaks its contract. */
export interface DurableMachineStory {
  readonly title: string
  run(stage: DurableMachineStage): Promise<void>
}

/** What the log does to a machine: commands at once, or the end of sessions. */
type Act = readonly Uint8Array[] | number

/** What every durable StateMachine must do beyond `stateMachineAcceptance`, as stories for any test runner. */
export const durableMachineAcceptance: readonly DurableMachineStory[] = [
  {
    title: 'a new machine is durable, and says that it holds nothing',
    run: async (stage) => {
      const replica = await replicaOf(stage)
      expectIndex(replica, 0, 'new')
      expectIndex(await reopened(stage, replica), 0, 'new, and opened again')
    },
  },
  {
    title: 'the index is that of the last command applied, also when the machine is opened again',
    run: async (stage) => {
      let replica = await replicaOf(stage)
      for (const batch of batchesOf(stage)) {
        await replica.apply(batch)
        expectIndex(replica, replica.index, `after ${batch.length} commands`)
        replica = await reopened(stage, replica)
        expectIndex(replica, replica.index, 'opened again')
      }
    },
  },
  {
    title: 'a machine that is opened again goes on like one that was never closed',
    run: async (stage) => {
      const steady = await replicaOf(stage)
      let replica = await replicaOf(stage)
      for (const batch of batchesOf(stage)) {
        replica = await reopened(stage, replica)
        for (const one of [steady, replica]) {
          one.answers.length = 0
          await one.apply(batch)
        }
        expectSameAnswers(steady, replica)
      }
      await expectSameState(steady, replica, 'opened again before every batch')
    },
  },
  {
    title: 'the end of sessions is stored with its index, though no command follows',
    run: async (stage) => {
      const { first } = commandsOf(stage)
      const steady = await replicaWith(stage, first)
      let replica = await replicaWith(stage, first)
      if (replica.machine.sessionsClosed === undefined) return
      for (const one of [steady, replica]) await one.closeSessions([1, 2, 3])
      expectIndex(replica, replica.index, 'after three sessions were closed')
      replica = await reopened(stage, replica)
      expectIndex(replica, steady.index, 'opened again after three sessions were closed')
      await expectSameState(steady, replica, 'opened again after three sessions were closed')
    },
  },
  {
    title: 'the end of sessions that was told and not yet applied is not stored',
    run: async (stage) => {
      const { first, second } = commandsOf(stage)
      const steady = await replicaWith(stage, first)
      const replica = await replicaWith(stage, first)
      replica.tellOfClosing([1, 2, 3])
      const back = await crashed(stage, replica)
      expectAtMost(back, first.length, 'crashed between `sessionsClosed` and `apply`')
      await goOn(back, [first, 3, second])
      for (const act of [3, second]) await perform(steady, act)
      await expectSameState(steady, back, 'the end of sessions was told again after a crash')
    },
  },
  {
    title: 'wherever it crashes, it holds what the log did up to its index, and nothing else',
    run: async (stage) => {
      const acts = actsOf(stage)
      for (let at = 1; at <= acts.length; at += Math.ceil(acts.length / 8)) {
        const done = acts.slice(0, at)
        const replica = await replicaOf(stage)
        for (const act of done) await perform(replica, act)
        const back = await crashed(stage, replica)
        expectAtMost(back, replica.index, `crashed after entry ${replica.index}`)
        await expectSameState(await replicaUpTo(stage, acts, back.index), back, `crashed, with index ${back.index}`)
        await goOn(back, acts)
        await expectSameState(await replicaUpTo(stage, acts, back.index), back, 'given what it lacked after a crash')
      }
    },
  },
  {
    title: 'a restored machine has the index of the snapshot, also when it is opened again',
    run: async (stage) => {
      const { first, second } = commandsOf(stage)
      const one = await replicaWith(stage, first)
      const used = await replicaWith(stage, second)
      for (const other of [await replicaOf(stage), used]) {
        await other.restore(await one.snapshot())
        expectIndex(other, one.index, 'restored')
        const back = await reopened(stage, other)
        expectIndex(back, one.index, 'restored and opened again')
        await expectSameState(one, back, 'restored and opened again')
      }
    },
  },
  {
    title:
      'a restore that breaks off leaves the old state with its index, or nothing with index 0, and can be done again',
    run: async (stage) => {
      const { first, second } = commandsOf(stage)
      const one = await replicaWith(stage, [...first, ...second])
      const snapshot = await one.snapshot()
      for (const share of [0, 0.5, 1]) {
        const replica = await replicaWith(stage, first)
        await breakOff(replica, snapshot, share)
        const back = await crashed(stage, replica)
        const when = `a restore that broke off after ${share * 100} % of the snapshot`
        assert(back.index <= first.length, `${when} left index ${back.index}, and it was ${first.length} before`)
        await expectSameState(await replicaUpTo(stage, [first], back.index), back, when)
        await back.restore(snapshot)
        await expectSameState(one, back, `restored after ${when}`)
        expectIndex(back, one.index, `restored after ${when}`)
      }
    },
  },
]

function batchesOf(stage: DurableMachineStage): Uint8Array[][] {
  const { first } = commandsOf(stage)
  return [first.slice(0, 1), first.slice(1, 2), first.slice(2, 40), first.slice(40)]
}

/** Commands in batches, and between them the end of sessions: of some that were at work, and of 9, which never was. */
function actsOf(stage: DurableMachineStage): Act[] {
  const { first, second } = commandsOf(stage)
  const acts: Act[] = []
  for (let at = 0; at < first.length; at += 10) {
    acts.push(first.slice(at, at + 10))
    if (at % 30 === 0) acts.push([1, 2, 9][at / 30] ?? 3)
  }
  return [...acts, second]
}

async function perform(replica: Replica, act: Act): Promise<void> {
  if (typeof act === 'number') await replica.closeSessions([act])
  else await replica.apply(act)
}

/** The acts of a log that a replica does not hold yet, from within a batch if need be. */
async function goOn(replica: Replica, acts: readonly Act[], to: number = Number.POSITIVE_INFINITY): Promise<void> {
  let index = 0
  for (const act of acts) {
    const start = index
    index += typeof act === 'number' ? 1 : act.length
    if (index <= replica.index || start >= to) continue
    await perform(replica, typeof act === 'number' ? act : act.slice(replica.index - start, to - start))
  }
}

/** Never closed, and given the log up to an index. */
async function replicaUpTo(stage: DurableMachineStage, acts: readonly Act[], index: number): Promise<Replica> {
  const replica = await replicaOf(stage)
  await goOn(replica, acts, index)
  return replica
}

async function reopened(stage: DurableMachineStage, replica: Replica): Promise<Replica> {
  return new Replica(await stage.reopen(replica.machine), replica.index)
}

/** Stands where the machine says that it does. */
async function crashed(stage: DurableMachineStage, { machine, index }: Replica): Promise<Replica> {
  const back = await (stage.crash === undefined ? stage.reopen(machine) : stage.crash(machine))
  const held = back.appliedIndex ?? Number.NaN
  assert(Number.isSafeInteger(held) && held >= 0, `after a crash at entry ${index} the index is ${back.appliedIndex}`)
  return new Replica(back, held)
}

/** The source fails when so much of the snapshot was read. */
async function breakOff({ machine }: Replica, { bytes, index }: Snapshot, share: number): Promise<void> {
  const failing = (async function* () {
    for (let at = 0; at < bytes.length * share; at += 1000)
      yield bytes.slice(at, Math.min(at + 1000, bytes.length * share))
    throw new Error(BROKEN)
  })()
  const outcome = await machine.restore(failing, index).then(
    () => 'nothing',
    (error: unknown) => String(error),
  )
  assert(outcome.includes(BROKEN), `a snapshot whose source failed was taken for a whole one: ${outcome} was thrown`)
}

const BROKEN = 'the snapshot broke off'

function expectIndex({ machine: { appliedIndex } }: Replica, expected: number, when: string): void {
  assert(appliedIndex === expected, `${when}, the appliedIndex is ${appliedIndex}: it must be ${expected}`)
}

function expectAtMost({ machine: { appliedIndex = Number.NaN } }: Replica, most: number, when: string): void {
  assert(appliedIndex <= most, `${when}, the appliedIndex is ${appliedIndex}: it must be ${most} at most`)
}
