/**
 * What every StateMachine must do, as a list of stories that any test runner can run (Paper §2: identical state machines
 * that process the same commands in the same order produce the same outputs). Whoever writes one brings a stage: how to
 * make a machine, and commands for it.
 *
 * ```ts
 * for (const { title, run } of stateMachineAcceptance) test(title, () => run(stage))
 * ```
 *
 * A durable machine has more to keep: see `durable-machine-acceptance.ts`.
 */
import type { StateMachine } from '../runtime/state-machine.ts'
import { assert } from '../util/assert.ts'
import { concat, EMPTY, equal } from '../util/bytes.ts'
import { Random } from '../util/random.ts'
import { expectSameAnswers, expectSameState, Replica, readAll, type Snapshot } from './replica.ts'

/** What a story needs of the author of a state machine. */
export interface StateMachineStage {
  /** A machine without any state, independent of those that were made before. */
  newMachine(): StateMachine | Promise<StateMachine>
  /**
   * A command as your service makes them, and now and then one that makes no sense. Take all chance from `random`, so
   * that a run repeats itself. Most commands should change the state: one that does not tells little.
   */
  newCommand(random: Random): Uint8Array
}

/** One story. `run` rejects with what it found instead when the machine breaks its contract. */
export interface StateMachineStory {
  readonly title: string
  run(stage: StateMachineStage): Promise<void>
}

const SEED = 20
const COMMANDS = 120
/** As many pieces as a story hands over at most: a snapshot of 100 MB is not cut into single bytes. */
const MOST_PIECES = 20_000

/** What every StateMachine must do, as stories for any test runner. */
export const stateMachineAcceptance: readonly StateMachineStory[] = [
  {
    title: 'each command gets one answer, however many come at once',
    run: async (stage) => {
      const { first } = commandsOf(stage)
      for (const batch of [1, 7, first.length]) await (await replicaOf(stage)).apply(first, batch)
    },
  },
  {
    title: 'the same commands give the same answers and the same state, in whatever batches they come',
    run: async (stage) => {
      const { first } = commandsOf(stage)
      const [one, ...others] = [await replicaOf(stage), await replicaOf(stage), await replicaOf(stage)]
      await one.apply(first, 1)
      for (const [i, other] of others.entries()) {
        await other.apply(first, [first.length, 7][i] ?? 1)
        expectSameAnswers(one, other)
        await expectSameState(one, other, `after ${first.length} commands in other batches`)
      }
    },
  },
  {
    title: 'a snapshot is of the moment of its call, though commands are applied while it is read',
    run: async (stage) => {
      const { first, second } = commandsOf(stage)
      const [one, other] = [await replicaWith(stage, first), await replicaWith(stage, first)]
      const { bytes: expected } = await other.snapshot()
      const pieces = one.machine.snapshot()[Symbol.asyncIterator]()
      await one.apply(second.slice(0, 20))
      const start = await pieces.next()
      await one.apply(second.slice(20))
      const read =
        start.done === true ? EMPTY : concat([start.value, await readAll({ [Symbol.asyncIterator]: () => pieces })])
      await other.apply(second)
      assert(
        !equal((await other.snapshot()).bytes, expected),
        `${second.length} commands changed nothing: bring others`,
      )
      assert(equal(read, expected), 'the snapshot has something of the commands behind it, or lacks some before it')
      await expectSameState(one, other, 'after commands that were applied beside a snapshot')
    },
  },
  {
    title: 'a snapshot that nobody reads, or reads to its end, does no harm',
    run: async (stage) => {
      const { first, second } = commandsOf(stage)
      const [one, other] = [await replicaWith(stage, first), await replicaWith(stage, first)]
      one.machine.snapshot()
      const abandoned = one.machine.snapshot()[Symbol.asyncIterator]()
      await abandoned.next()
      await abandoned.return?.()
      for (const replica of [one, other]) await replica.apply(second)
      expectSameAnswers(one, other)
      await expectSameState(one, other, 'after two snapshots that were left unread')
    },
  },
  {
    title: 'a new machine that restores a snapshot goes on like the one that it came from',
    run: async (stage) => {
      const { first, second } = commandsOf(stage)
      const [one, other] = [await replicaWith(stage, first), await replicaOf(stage)]
      await goOnFrom(one, other, second)
    },
  },
  {
    title: 'a used machine forgets all that it held when it restores a snapshot',
    run: async (stage) => {
      const { first, second } = commandsOf(stage)
      const [one, other] = [
        await replicaWith(stage, first.slice(0, 30)),
        await replicaWith(stage, [...second, ...first]),
      ]
      await goOnFrom(one, other, second)
    },
  },
  {
    title: 'the state of a machine that has applied nothing can be restored as well',
    run: async (stage) => {
      const { first, second } = commandsOf(stage)
      await goOnFrom(await replicaOf(stage), await replicaOf(stage), first)
      await goOnFrom(await replicaOf(stage), await replicaWith(stage, first), second)
    },
  },
  {
    title: 'a snapshot may come back in pieces of any size',
    run: async (stage) => {
      const one = await replicaWith(stage, commandsOf(stage).first)
      const snapshot = await one.snapshot()
      for (const pieceBytes of [1, 2, 3, 7, 64, 1000, 65_536, snapshot.bytes.length]) {
        const other = await replicaOf(stage)
        await other.restore(snapshot, atLeast(pieceBytes, snapshot))
        await expectSameState(one, other, `restored in pieces of ${atLeast(pieceBytes, snapshot)} bytes`)
      }
    },
  },
  {
    title: 'a restored machine gives the same snapshot again, and that one restores as well',
    run: async (stage) => {
      const { first, second } = commandsOf(stage)
      const one = await replicaWith(stage, first)
      let other = await replicaWith(stage, first)
      for (const command of second) {
        const next = await replicaOf(stage)
        await next.restore(await other.snapshot())
        await next.apply([command])
        other = next
      }
      await one.apply(second)
      await expectSameState(one, other, `after ${second.length} restarts with a command each`)
    },
  },
  {
    title: 'sessions that end do the same on every machine, before a snapshot and behind it',
    run: async (stage) => {
      const { first, second } = commandsOf(stage)
      const [one, other] = [await replicaOf(stage), await replicaOf(stage)]
      for (const [batch, replica] of [one, other].entries()) {
        await replica.apply(first, batch === 0 ? 1 : 10)
        await replica.closeSessions([2])
        await replica.apply(second)
      }
      await expectSameState(one, other, 'after session 2 was closed')
      const restored = await replicaOf(stage)
      await restored.restore(await one.snapshot())
      for (const replica of [one, restored]) {
        await replica.closeSessions([1, 3])
        await replica.apply(first)
      }
      await expectSameState(one, restored, 'after sessions 1 and 3 were closed behind a snapshot')
    },
  },
]

/** The stage's commands, the same ones for every story: those of a beginning and those that follow. */
export function commandsOf(stage: StateMachineStage): { readonly first: Uint8Array[]; readonly second: Uint8Array[] } {
  const random = new Random(SEED)
  const some = (count: number): Uint8Array[] => Array.from({ length: count }, () => stage.newCommand(random))
  return { first: some(COMMANDS), second: some(COMMANDS / 3) }
}

/** A replica of a new machine. */
export async function replicaOf(stage: StateMachineStage): Promise<Replica> {
  return new Replica(await stage.newMachine())
}

/** A replica of a new machine that was given these commands. */
export async function replicaWith(stage: StateMachineStage, commands: readonly Uint8Array[]): Promise<Replica> {
  const replica = await replicaOf(stage)
  await replica.apply(commands)
  return replica
}

/** `other` takes over the state of `one`; then both get the same commands. */
async function goOnFrom(one: Replica, other: Replica, commands: readonly Uint8Array[]): Promise<void> {
  await other.restore(await one.snapshot())
  await expectSameState(one, other, 'restored from a snapshot')
  for (const replica of [one, other]) {
    replica.answers.length = 0
    await replica.apply(commands)
  }
  expectSameAnswers(one, other)
  await expectSameState(one, other, `${commands.length} commands after a snapshot was restored`)
}

function atLeast(pieceBytes: number, { bytes }: Snapshot): number {
  return Math.max(pieceBytes, Math.ceil(bytes.length / MOST_PIECES), 1)
}
