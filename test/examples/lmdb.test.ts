// The ledger on LMDB: what every durable state machine must do, and the example as a reader would run it.
import { execFile } from 'node:child_process'
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { StateMachine } from 'quorate'
import {
  type DurableMachineStage,
  durableMachineAcceptance,
  type Random,
  stateMachineAcceptance,
} from 'quorate/testing'
import { afterAll, describe, expect, test } from 'vitest'

type Ledger = StateMachine & { close(): Promise<void> }

const run = promisify(execFile)
const EXAMPLE = new URL('../../examples/lmdb/', import.meta.url)
/** The example is plain JavaScript, without types. */
const { Ledger } = (await import(new URL('ledger.js', EXAMPLE).href)) as {
  Ledger: new (directory: string, accountsInAPiece: number) => Ledger
}

const folder = mkdtempSync(join(tmpdir(), 'quorate-lmdb-'))
const places = new Map<StateMachine, string>()
let count = 0

function ledgerIn(place: string): Ledger {
  const ledger = new Ledger(place, 7)
  places.set(ledger, place)
  return ledger
}

function placeOf(ledger: StateMachine): string {
  return places.get(ledger) ?? 'nowhere'
}

function newPlace(): string {
  return join(folder, String(++count))
}

const stage: DurableMachineStage = {
  newMachine: () => ledgerIn(newPlace()),
  newCommand(random: Random): Uint8Array {
    if (random.chance(0.05)) return new TextEncoder().encode('{')
    const [from, to] = [`from${random.below(20)}`, `to${random.below(20)}`]
    const command = random.chance(0.6) ? { to: from, amount: 9 } : { from, to, amount: random.between(1, 12) }
    return new TextEncoder().encode(JSON.stringify(command))
  },
  reopen: async (ledger) => {
    await (ledger as Ledger).close()
    return ledgerIn(placeOf(ledger))
  },
  // What a killed process leaves is what the file holds at that moment.
  crash: (ledger) => {
    const place = newPlace()
    cpSync(join(placeOf(ledger), 'data.mdb'), join(place, 'data.mdb'))
    return ledgerIn(place)
  },
}

afterAll(async () => {
  for (const ledger of places.keys()) await (ledger as Ledger).close()
  rmSync(folder, { recursive: true })
})

describe('the ledger', () => {
  for (const { title, run: tell } of [...stateMachineAcceptance, ...durableMachineAcceptance]) {
    test(title, () => tell(stage))
  }
})

describe('examples/lmdb', () => {
  test('all three are killed, and hardly any command comes again', { timeout: 30_000 }, async () => {
    const { stdout } = await run(process.execPath, [new URL('lmdb.js', EXAMPLE).pathname], { timeout: 29_000 })
    const lines = stdout.trimEnd().split('\n')
    expect(lines.slice(0, 4)).toEqual([
      'a: alice has 70, bob has 30',
      'b: alice has 70, bob has 30',
      'c: alice has 70, bob has 30',
      'all three are killed, and start again',
    ])
    for (const [i, id] of ['a', 'b', 'c'].entries()) {
      // Each had been asked for the ledger before the last two transfers.
      expect(lines[4 + i]).toMatch(new RegExp(`^${id}: alice has 50, bob has 50, and [012] of 33 commands came again$`))
    }
    expect(lines[7]).toBe('b: bob pays 50 back: alice has 100, bob has 0')
  })
})
