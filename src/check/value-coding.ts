// The operations on one value, a register's or a key's, as numbers: what each one sees and what it leaves behind. Here
// is also decided what need not be looked at, and each time the reason why no verdict changes by it.

import type { Operation } from './operation.ts'
import { arrange, type Candidate } from './problem.ts'
import { TextIndex } from './text-index.ts'
import { ValueTable } from './value-table.ts'

export const KIND = { read: 0, write: 1, cas: 2, append: 3 } as const
const KINDS: { readonly [f: string]: number } = {
  read: KIND.read,
  get: KIND.read,
  write: KIND.write,
  put: KIND.write,
  delete: KIND.write,
  cas: KIND.cas,
  append: KIND.append,
}

/** The one value that stands for all that nobody sees. */
export const DEAD = 0
const UNSEEN: symbol = Symbol('unseen')
const NEVER: number = Number.POSITIVE_INFINITY

/** Values are numbers of the table. */
export interface Coded extends Candidate {
  readonly kind: number
  /** What a read or a cas sees; what an append adds. */
  readonly input: number
  /** What a write or a cas leaves behind. */
  readonly output: number
}

/** The operations on one value, and what their numbers stand for. */
export interface Coding {
  /** In the two rows of a problem. */
  readonly coded: readonly Coded[]
  readonly values: ValueTable<unknown>
  readonly initial: number
  readonly hasAppends: boolean
  /** Whether anybody sees this value, or one that it can grow to, before it is overwritten. */
  readonly isSeen: (value: unknown) => boolean
}

/** Numbers the values, and leaves out what says nothing. @param initial the value at the beginning */
export function codeValues(operations: readonly Operation[], initial: unknown): Coding {
  const values = new ValueTable<unknown>()
  values.idOf(UNSEEN)
  const initialId = values.idOf(initial)
  // A read without an answer says nothing.
  const all = operations.map((one) => encode(one, values)).filter((one) => one.kind !== KIND.read || isKnown(one))
  const hasAppends = all.some(({ kind }) => kind === KIND.append)
  const { kept, isSeen } = dropUnseen(all, values, hasAppends)
  const dated = hasAppends ? kept : dateWhatWasSeen(kept, initialId)
  const coded = arrange(dated.map((one) => (isSeen(values.valueOf(one.output)) ? one : { ...one, output: DEAD })))
  return { coded, values, initial: initialId, hasAppends, isSeen }
}

function encode(operation: Operation, values: ValueTable<unknown>): Coded {
  const { f, value, result, completed } = operation
  const kind = KINDS[f] as number
  const [input, output] = endsOf(kind, f, value, result)
  return { operation, kind, input: values.idOf(input), output: values.idOf(output), completed: completed ?? NEVER }
}

function endsOf(kind: number, f: string, value: unknown, result: unknown): readonly [unknown, unknown] {
  if (kind === KIND.cas) return value as readonly [unknown, unknown]
  if (kind === KIND.write) return [UNSEEN, f === 'delete' ? '' : value]
  return [kind === KIND.read ? result : value, UNSEEN]
}

/** Whether it must have its place. */
export function isKnown({ completed }: Candidate): boolean {
  return completed !== NEVER
}

/** Whether it certainly saw a value: a read that was answered, a cas that succeeded. */
export function isWatcher(one: Coded): boolean {
  return isKnown(one) && sees(one)
}

/** Whether its being legal tells what the value was before. */
function sees({ kind }: Coded): boolean {
  return kind === KIND.read || kind === KIND.cas
}

/**
 * A write of 7 whose answer was lost, where no read returns 7 and no cas starts from it, is left out. If some order has
 * it, the next that depends on the value behind it is another write, or nothing; without it the same order holds as
 * well. The same goes for a cas to 7. Leaving out a cas may make what it starts from unseen, hence the repetition.
 *
 * Where there are appends, a value is seen when it is the beginning of one that was read, and everything is, where
 * appending could be illegal because the value is no text.
 */
function dropUnseen(
  all: readonly Coded[],
  values: ValueTable<unknown>,
  hasAppends: boolean,
): Pick<Coding, 'isSeen'> & { readonly kept: readonly Coded[] } {
  const isText = ({ output }: Coded): boolean => output === DEAD || typeof values.valueOf(output) === 'string'
  if (hasAppends && !all.every(isText)) return { kept: all, isSeen: () => true }
  for (let kept = all; ; ) {
    const seen = new Set(kept.filter(sees).map(({ input }) => input))
    const isSeen = hasAppends ? beginsOne([...seen].map((id) => values.valueOf(id))) : has(seen, values)
    const next = kept.filter((one) => isKnown(one) || one.kind === KIND.append || isSeen(values.valueOf(one.output)))
    if (next.length === kept.length) return { kept, isSeen }
    kept = next
  }
}

function has(seen: ReadonlySet<number>, values: ValueTable<unknown>): (value: unknown) => boolean {
  return (value) => seen.has(values.idOf(value))
}

function beginsOne(seen: readonly unknown[]): (value: unknown) => boolean {
  const texts = new TextIndex(seen)
  return (value) => texts.hasBeginning(value)
}

/**
 * The answer to the only write of 7 was lost, and a read returned 7 on line 30: then the write took effect before line
 * 30. It is one that was answered, at that read's completion, and the search need not wonder whether it ever happened.
 */
function dateWhatWasSeen(coded: readonly Coded[], initial: number): readonly Coded[] {
  const makers = new Map<number, number>()
  const firstSeen = new Map<number, number>()
  for (const one of coded) {
    if (one.output !== DEAD) makers.set(one.output, (makers.get(one.output) ?? 0) + 1)
    if (isWatcher(one)) {
      firstSeen.set(one.input, Math.min(firstSeen.get(one.input) ?? NEVER, one.completed))
    }
  }
  return coded.map((one) => {
    const seen = firstSeen.get(one.output)
    const isOnly = makers.get(one.output) === 1 && one.output !== initial
    if (isKnown(one) || !isOnly || seen === undefined || seen < one.operation.invoked) return one
    return { ...one, completed: seen }
  })
}
