// What every FrontierStore promises, as a story for each: on a disk and in memory.
import { expect, test } from 'vitest'
import { FrontierReader, type FrontierStore, FrontierWriter, Origins } from '../frontier-store.ts'

/** More words than fit into one piece. */
const MANY = 20_000

export function frontierStories(open: () => FrontierStore): void {
  test('a level is read as it was written, however long it is', () => {
    const store = open()
    writeLevel(store, MANY, 0)
    store.turn()
    expect(readLevel(store)).toEqual(Array.from({ length: MANY }, (_, i) => i))
  })

  test('while one level is read, the next is written', () => {
    const store = open()
    writeLevel(store, 3, 10)
    store.turn()
    writeLevel(store, 2, 20)
    expect(readLevel(store)).toEqual([10, 11, 12])
    store.turn()
    expect(readLevel(store)).toEqual([20, 21])
    store.turn()
    expect(readLevel(store)).toEqual([])
  })

  test('the way to a state is found again', () => {
    const origins = new Origins(open())
    origins.add(0, 0)
    // Each from the one before it, but every tenth from the first.
    for (let number = 1; number <= 4 * MANY; number++) origins.add(number % 10 === 0 ? 0 : number - 1, number)
    expect(origins.pathTo(0)).toEqual([])
    expect(origins.pathTo(7)).toEqual([1, 2, 3, 4, 5, 6, 7])
    expect(origins.pathTo(4 * MANY - 8)).toEqual([4 * MANY - 10, 4 * MANY - 9, 4 * MANY - 8])
  })
}

/** States of different lengths, each full of its number. */
function writeLevel(store: FrontierStore, count: number, first: number): void {
  const writer = new FrontierWriter(store)
  const words = new Int32Array(20)
  for (let number = first; number < first + count; number++) {
    writer.write(number, -1, words.fill(number), 5 + (number % 15))
  }
  writer.flush()
}

/** The numbers of the states. */
function readLevel(store: FrontierStore): number[] {
  const reader = new FrontierReader(store)
  const numbers: number[] = []
  while (reader.next()) {
    const { number, length, words } = reader
    const isWhole = length === 5 + (number % 15) && words[length - 1] === number
    if (!isWhole) throw new Error(`state ${number} has ${length} words and ends with ${words[length - 1]}`)
    numbers.push(number)
  }
  return numbers
}
