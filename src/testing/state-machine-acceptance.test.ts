// The suite passes on machines that do what they must, and each thing that a machine may do wrong makes the story fail
// that is about it.
import { describe, expect, test } from 'vitest'
import { encodeCommand } from '../kv/command.ts'
import { KvStateMachine } from '../kv/kv-state-machine.ts'
import type { CommittedEntry, StateMachine } from '../runtime/state-machine.ts'
import { Journal } from '../runtime/testing/journal.ts'
import { concat, utf8Decode, utf8Encode } from '../util/bytes.ts'
import type { Random } from '../util/random.ts'
import { ManualClock } from './manual-clock.ts'
import { type StateMachineStage, stateMachineAcceptance } from './state-machine-acceptance.ts'

const WORDS = ['ant', 'bee', 'cat', 'dög', '']

const newWord = (random: Random): Uint8Array => utf8Encode(`${random.pick(WORDS)}${random.below(100)}`)

function newKvCommand(random: Random): Uint8Array {
  if (random.chance(0.1)) return utf8Encode(random.pick(WORDS))
  const key = utf8Encode(`key ${random.below(20)}`)
  const withPrevious = random.chance(0.5)
  if (random.chance(0.7)) return encodeCommand({ type: 'put', key, value: newWord(random), withPrevious })
  return encodeCommand({ type: 'deleteRange', key, rangeEnd: utf8Encode(`key ${random.below(20)}`), withPrevious })
}

describe('the key/value machine', () => {
  const stage: StateMachineStage = { newMachine: () => new KvStateMachine(), newCommand: newKvCommand }
  for (const { title, run } of stateMachineAcceptance) test(title, () => run(stage))
})

describe("the tests' own journal", () => {
  const stage: StateMachineStage = { newMachine: () => new Journal(new ManualClock()), newCommand: newWord }
  for (const { title, run } of stateMachineAcceptance) test(title, () => run(stage))
})

/** Remembers every command; the answer says how many there are. What is wrong with the others is wrong with nothing here. */
class Lines implements StateMachine {
  lines: string[] = []

  apply(entries: readonly CommittedEntry[]): Uint8Array[] {
    return entries.map(({ command }) => utf8Encode(String(this.lines.push(utf8Decode(command) ?? ''))))
  }

  snapshot(): AsyncIterable<Uint8Array> {
    return inPieces(this.lines.map((line) => `${line}\n`))
  }

  async restore(source: AsyncIterable<Uint8Array>): Promise<void> {
    const pieces: Uint8Array[] = []
    for await (const piece of source) pieces.push(piece)
    this.lines = linesOf(concat(pieces))
  }
}

async function* inPieces(texts: readonly string[]): AsyncGenerator<Uint8Array, void> {
  for (const text of texts) yield utf8Encode(text)
}

function linesOf(bytes: Uint8Array): string[] {
  return (utf8Decode(bytes) ?? '').split('\n').slice(0, -1)
}

let chance = 0

/** By what is wrong: a machine, and a word of the title of the story that must find it. */
const WRONG: readonly (readonly [what: string, story: string, newMachine: () => StateMachine])[] = [
  [
    'one answer for a whole batch',
    'one answer',
    () =>
      new (class extends Lines {
        override apply(entries: readonly CommittedEntry[]): Uint8Array[] {
          return super.apply(entries).slice(-1)
        }
      })(),
  ],
  [
    'chance in the state',
    'same answers and the same state',
    () =>
      new (class extends Lines {
        override apply(entries: readonly CommittedEntry[]): Uint8Array[] {
          const answers = super.apply(entries)
          this.lines.push(String(chance++))
          return answers
        }
      })(),
  ],
  [
    'answers that depend on the batch',
    'same answers and the same state',
    () =>
      new (class extends Lines {
        override apply(entries: readonly CommittedEntry[]): Uint8Array[] {
          super.apply(entries)
          return entries.map((_, i) => utf8Encode(String(i)))
        }
      })(),
  ],
  [
    'a snapshot that begins when it is read',
    'of the moment of its call',
    () =>
      new (class extends Lines {
        override async *snapshot(): AsyncGenerator<Uint8Array, void> {
          yield* inPieces(this.lines.map((line) => `${line}\n`))
        }
      })(),
  ],
  [
    'a snapshot that shares its list with the state',
    'of the moment of its call',
    () =>
      new (class extends Lines {
        override snapshot(): AsyncIterable<Uint8Array> {
          const { lines } = this
          return (async function* () {
            for (const line of lines) yield utf8Encode(`${line}\n`)
          })()
        }
      })(),
  ],
  [
    'commands that are lost while a snapshot is under way',
    'nobody reads',
    () =>
      new (class extends Lines {
        private reading = 0
        override apply(entries: readonly CommittedEntry[]): Uint8Array[] {
          const { lines } = this
          const answers = super.apply(entries)
          if (this.reading > 0) this.lines = lines.slice(0, -entries.length)
          return answers
        }
        override snapshot(): AsyncIterable<Uint8Array> {
          this.reading++
          const pieces = super.snapshot()
          const done = (): void => void this.reading--
          return (async function* () {
            yield* pieces
            done()
          })()
        }
      })(),
  ],
  [
    'a snapshot that lacks something the answers need',
    'goes on like the one',
    () =>
      new (class extends Lines {
        private applied = 0
        override apply(entries: readonly CommittedEntry[]): Uint8Array[] {
          super.apply(entries)
          return entries.map(() => utf8Encode(String(++this.applied)))
        }
      })(),
  ],
  [
    'a snapshot that is added to what is there',
    'forgets all that it held',
    () =>
      new (class extends Lines {
        override async restore(source: AsyncIterable<Uint8Array>): Promise<void> {
          const { lines } = this
          await super.restore(source)
          this.lines.unshift(...lines)
        }
      })(),
  ],
  [
    'an empty snapshot that is taken for none',
    'applied nothing',
    () =>
      new (class extends Lines {
        override async restore(source: AsyncIterable<Uint8Array>): Promise<void> {
          const { lines } = this
          await super.restore(source)
          if (this.lines.length === 0) this.lines = lines
        }
      })(),
  ],
  [
    'letters that are torn where a piece ends',
    'pieces of any size',
    () =>
      new (class extends Lines {
        override async restore(source: AsyncIterable<Uint8Array>): Promise<void> {
          let text = ''
          for await (const piece of source) text += utf8Decode(piece) ?? '?'
          this.lines = text.split('\n').slice(0, -1)
        }
      })(),
  ],
  [
    'a snapshot of another form after a restart',
    'same snapshot again',
    () =>
      new (class extends Lines {
        override async restore(source: AsyncIterable<Uint8Array>): Promise<void> {
          await super.restore(source)
          this.lines.reverse()
        }
      })(),
  ],
  [
    'chance where sessions end',
    'sessions that end',
    () =>
      new (class extends Lines {
        sessionsClosed(): void {
          this.lines.push(String(chance++))
        }
      })(),
  ],
]

describe('a machine is found out that has', () => {
  test.each(WRONG)('%s: "… %s …"', async (_what, story, newMachine) => {
    const meant = stateMachineAcceptance.filter(({ title }) => title.includes(story))
    expect(meant).toHaveLength(1)
    for (const { run } of meant) {
      await expect(run({ newMachine, newCommand: newWord })).rejects.toThrow(/./)
      await run({ newMachine: () => new Lines(), newCommand: newWord })
    }
  })

  test('every story has a machine that it finds', () => {
    const found = stateMachineAcceptance.filter(({ title }) => WRONG.some(([, story]) => title.includes(story)))
    expect(found).toEqual(stateMachineAcceptance)
  })

  test('nothing wrong, but commands without effect: the stage is told', async () => {
    const stage = { newMachine: () => ({ ...idle }), newCommand: newWord }
    const story = stateMachineAcceptance.find(({ title }) => title.includes('of the moment'))
    await expect(story?.run(stage)).rejects.toThrow('40 commands changed nothing')
  })
})

const idle: StateMachine = {
  apply: (entries) => entries.map(() => new Uint8Array(0)),
  snapshot: () => inPieces([]),
  restore: async () => {},
}
