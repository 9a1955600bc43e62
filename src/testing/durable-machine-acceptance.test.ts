// The suite passes on a machine that does what it must, and each thing that a durable one may do wrong makes the story fail
// that is about it.
import { describe, expect, test } from 'vitest'
import type { Index } from '../raft/entry.ts'
import type { CommittedEntry, EntryPlace } from '../runtime/state-machine.ts'
import { DurableJournal, JournalStore } from '../runtime/testing/durable-journal.ts'
import { utf8Decode, utf8Encode } from '../util/bytes.ts'
import type { Random } from '../util/random.ts'
import { type DurableMachineStage, durableMachineAcceptance } from './durable-machine-acceptance.ts'
import { ManualClock } from './manual-clock.ts'
import { stateMachineAcceptance } from './state-machine-acceptance.ts'

const newWord = (random: Random): Uint8Array => utf8Encode(`${random.pick(['ant', 'bee', 'dög'])}${random.below(100)}`)

/** Crashes lose so many transactions. */
function stageOf(Machine: typeof DurableJournal, lost = 0): DurableMachineStage {
  const open = (store: JournalStore): DurableJournal => new Machine(new ManualClock(), store)
  return {
    newMachine: () => open(new JournalStore()),
    newCommand: newWord,
    reopen: (machine) => open((machine as DurableJournal).store),
    crash: (machine) => {
      const { store } = machine as DurableJournal
      store.crash(lost)
      return open(store)
    },
  }
}

describe.each([0, 1, 3])("the tests' own durable journal, of which a crash takes %d transactions", (lost) => {
  const stage = stageOf(DurableJournal, lost)
  for (const { title, run } of [...stateMachineAcceptance, ...durableMachineAcceptance]) test(title, () => run(stage))
})

describe('a durable journal without an ear for sessions', () => {
  class Deaf extends DurableJournal {
    constructor(...args: ConstructorParameters<typeof DurableJournal>) {
      super(...args)
      Object.assign(this, { sessionsClosed: undefined })
    }
  }
  const stage = stageOf(Deaf, 1)
  for (const { title, run } of [...stateMachineAcceptance, ...durableMachineAcceptance]) test(title, () => run(stage))
})

test('a machine that cannot crash is stopped instead', async () => {
  const { crash: _crash, ...stage } = stageOf(DurableJournal)
  for (const { run } of durableMachineAcceptance) await run(stage)
})

/** By what is wrong: a word of the title of the story that must find it, how much a crash takes for it to be seen, a machine. */
const WRONG: readonly (readonly [what: string, story: string, lost: number, machine: typeof DurableJournal])[] = [
  [
    'no index while it is empty',
    'holds nothing',
    0,
    class extends DurableJournal {
      override get appliedIndex(): Index | undefined {
        return super.appliedIndex || undefined
      }
    },
  ],
  [
    'the index of the first command of a batch',
    'that of the last command',
    0,
    class extends DurableJournal {
      override apply(entries: readonly CommittedEntry[]): ReturnType<DurableJournal['apply']> {
        const answers = super.apply(entries) as readonly Uint8Array[]
        return entries[0] === undefined ? answers : this.committed(entries[0].index, answers)
      }
    },
  ],
  [
    'something in memory that its answers need',
    'like one that was never closed',
    0,
    class extends DurableJournal {
      private count = 0
      override answer = (): Uint8Array => utf8Encode(String(++this.count))
    },
  ],
  [
    'no transaction without commands',
    'though no command follows',
    0,
    class extends DurableJournal {
      override apply(entries: readonly CommittedEntry[]): ReturnType<DurableJournal['apply']> {
        return entries.length === 0 ? [] : super.apply(entries)
      }
    },
  ],
  [
    'a transaction for the end of sessions alone',
    'not yet applied',
    0,
    class extends DurableJournal {
      override sessionsClosed(ids: readonly number[], { index }: EntryPlace): void {
        for (const id of ids) this.lines.push(`session ${id} closed`)
        this.committed(index, [])
      }
    },
  ],
  [
    'one transaction for its state and one for its index',
    'wherever it crashes',
    1,
    class extends DurableJournal {
      protected override committed(index: Index, answers: readonly Uint8Array[]): readonly Uint8Array[] {
        this.store.commit(this, this.appliedIndex ?? 0, this.lines)
        return super.committed(index, answers)
      }
    },
  ],
  [
    'its old index after a restore',
    'index of the snapshot',
    0,
    class extends DurableJournal {
      override async restore(source: AsyncIterable<Uint8Array>): Promise<void> {
        await super.restore(source, this.appliedIndex)
      }
    },
  ],
  [
    'its old index all through a restore',
    'breaks off',
    0,
    class extends DurableJournal {
      override async restore(source: AsyncIterable<Uint8Array>, index: Index = 0): Promise<void> {
        this.lines = ['']
        for await (const piece of source) {
          this.lines = `${this.lines.join('\n')}${utf8Decode(piece)}`.split('\n')
          this.committed(this.appliedIndex ?? 0, [])
        }
        this.committed(index, [])
      }
    },
  ],
]

describe('a durable machine is found out that has', () => {
  test.each(WRONG)('%s: "… %s …"', async (_what, story, lost, machine) => {
    const meant = durableMachineAcceptance.filter(({ title }) => title.includes(story))
    expect(meant).toHaveLength(1)
    for (const { run } of meant) {
      await expect(run(stageOf(machine, lost))).rejects.toThrow(/./)
      await run(stageOf(DurableJournal, lost))
    }
  })

  test('every story has a machine that it finds', () => {
    const found = durableMachineAcceptance.filter(({ title }) => WRONG.some(([, story]) => title.includes(story)))
    expect(found).toEqual(durableMachineAcceptance)
  })
})
