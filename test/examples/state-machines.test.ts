// What every state machine must do, done by those of the examples and of the benchmark.
import type { StateMachine } from 'quorate'
import { type Random, stateMachineAcceptance } from 'quorate/testing'
import { describe, test } from 'vitest'

type CounterClass = new () => StateMachine

/** The examples are plain JavaScript, without types. */
async function counterOf(path: string): Promise<CounterClass> {
  const { Counter } = (await import(new URL(`../../${path}`, import.meta.url).href)) as { Counter: CounterClass }
  return Counter
}

const newNumber = (random: Random): Uint8Array => new TextEncoder().encode(String(random.below(1000)))

describe.each(['examples/counter/machine.js', 'bench/subjects/node.js'])('the counter of %s', async (path) => {
  const Counter = await counterOf(path)
  const stage = { newMachine: () => new Counter(), newCommand: newNumber }
  for (const { title, run } of stateMachineAcceptance) test(title, () => run(stage))
})
