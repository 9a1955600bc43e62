// The other end of preload/faults.c: builds it, and tells it through a mapped file what to do to one server's calls.
import { spawnSync } from 'node:child_process'
import { closeSync, openSync, readSync, writeSync } from 'node:fs'
import { constants } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const SOURCE = fileURLToPath(new URL('../preload/faults.c', import.meta.url))

/** In the order of the enums in faults.c. */
export const CALLS = ['write', 'sync', 'rename', 'open', 'truncate', 'unlink']
const ACTIONS = ['nothing', 'fail', 'tear', 'shorten', 'delay']
const CLOCK_AT = 64
const RULES_AT = 80
const RULE_BYTES = 32
const RULES = 4

/** @returns the library's path; null where there is no compiler, or not this platform's preloading */
export function buildPreload(folder) {
  if (process.platform !== 'linux') return null
  const library = join(folder, 'faults.so')
  const { status } = spawnSync('cc', ['-shared', '-fPIC', '-O2', '-o', library, SOURCE, '-ldl'], { stdio: 'ignore' })
  return status === 0 ? library : null
}

/** What one server's calls meet. It outlives the server's processes, so that each meets what was set before it began. */
export class CallFaults {
  /** @param library of `buildPreload` */
  constructor(library, file, folder) {
    this.library = library
    this.file = file
    this.folder = folder
    this.descriptor = openSync(file, 'w+')
    // The counters are the server's; here they only make the file as long as what is mapped.
    writeSync(this.descriptor, new Uint8Array(CLOCK_AT), 0, CLOCK_AT, 0)
    this.clear()
  }

  get environment() {
    return { LD_PRELOAD: this.library, FAULTS_CONTROL: this.file, FAULTS_FOLDER: this.folder }
  }

  /** From now on the calls meet nothing, and the clock is right. */
  clear() {
    const length = RULES_AT + RULES * RULE_BYTES - CLOCK_AT
    writeSync(this.descriptor, new Uint8Array(length), 0, length, CLOCK_AT)
  }

  /**
   * @param slot which of the rules, from 0; the first that means a call has it
   * @param at the call of its kind, from 1, since the process began; or `chance`, from 0 to 1
   */
  set(slot, { calls, action, error = 'EIO', at = 0, chance = 0, delayMs = 0 }) {
    const rule = Buffer.alloc(RULE_BYTES)
    for (const [word, value] of [
      [1, ACTIONS.indexOf(action)],
      [2, constants.errno[error]],
      [3, Math.min(Math.floor(chance * 2 ** 32), 2 ** 32 - 1)],
      [6, delayMs * 1000],
    ])
      rule.writeUInt32LE(value, word * 4)
    rule.writeBigUInt64LE(BigInt(at), 16)
    const place = RULES_AT + slot * RULE_BYTES
    writeSync(this.descriptor, rule, 0, RULE_BYTES, place)
    // Last, for it is what switches the rule on.
    const kinds = Buffer.alloc(4)
    kinds.writeUInt32LE(calls.reduce((bits, call) => bits | (1 << CALLS.indexOf(call)), 0))
    writeSync(this.descriptor, kinds, 0, 4, place)
  }

  /** How far the server's wall clock is off. */
  setClock(offsetMs) {
    const offset = Buffer.alloc(8)
    offset.writeBigInt64LE(BigInt(Math.round(offsetMs * 1000)))
    writeSync(this.descriptor, offset, 0, 8, CLOCK_AT)
  }

  /** How often the process has made this call below its folder. */
  countOf(call) {
    const number = Buffer.alloc(8)
    readSync(this.descriptor, number, 0, 8, CALLS.indexOf(call) * 8)
    return Number(number.readBigUInt64LE())
  }

  /** How often the rule has done something. */
  firedBy(slot) {
    const number = Buffer.alloc(4)
    readSync(this.descriptor, number, 0, 4, RULES_AT + slot * RULE_BYTES + 28)
    return number.readUInt32LE()
  }

  close() {
    closeSync(this.descriptor)
  }
}
