// The encoder of the lab: what a Raft sends and what it saves goes through here, and what would be lost on the way is
// said aloud. Go's labgob warns of fields with lower-case names, because they do not travel; here it is functions,
// symbols, undefined, class instances, cycles and whole numbers past 2⁵³.

import { LabDecoder } from './labgob-decoder.ts'
import { LabEncoder, type Report } from './labgob-encoder.ts'

/** Is told of a problem, once for each field of each shape. */
export type Warn = (text: string) => void

/** How deep `decodeInto` looks into its target. */
const MAX_TARGET_DEPTH = 3

/** Encodes and decodes values, counts what would not survive, and warns of it. */
export class Labgob {
  /** How many values were encoded that do not arrive as they were sent, and how many used targets were decoded into. */
  problems = 0
  private readonly warn: Warn
  private readonly warned = new Set<string>()

  constructor(warn: Warn = () => {}) {
    this.warn = warn
  }

  encode(value: unknown): Uint8Array {
    return this.encoder().encode(value).bytes()
  }

  /** @throws LabgobError when the bytes are not one encoded value */
  decode(bytes: Uint8Array): unknown {
    return this.decoder(bytes).decode()
  }

  /** For several values in one stream. */
  encoder(): LabEncoder {
    return new LabEncoder(this.report)
  }

  decoder(bytes: Uint8Array): LabDecoder {
    return new LabDecoder(bytes)
  }

  /**
   * Decodes an object and assigns its fields to `target`'s, which should be fresh: a reply object that is used again
   * still holds the answer to an earlier question, and whoever reads it after a failed call acts on that. A field that
   * holds a non-default scalar is reported.
   *
   * @throws LabgobError when the bytes are not one encoded value
   */
  decodeInto(bytes: Uint8Array, target: object): void {
    this.inspect(target, 1)
    Object.assign(target, this.decode(bytes))
  }

  private inspect(target: object, depth: number): void {
    const shape = Object.keys(target)
    for (const [field, value] of Object.entries(target)) {
      if (typeof value === 'object' && value !== null) {
        if (depth < MAX_TARGET_DEPTH) this.inspect(value, depth + 1)
      } else if (value !== undefined && value !== null && value !== 0 && value !== '' && value !== false) {
        this.count('decode', `is decoded into, but already holds ${String(value)}: use a fresh target`, field, shape)
      }
    }
  }

  private readonly report: Report = (problem, field, shape) => {
    this.count('encode', `holds ${problem}`, field, shape)
  }

  private count(act: string, problem: string, field: string, shape: readonly string[]): void {
    this.problems++
    // A value such as a number differs each time: the shape counts, not the value.
    const object = `{ ${shape.join(', ')} }`
    const key = `${act} ${field} ${object} ${problem.replace(/-?\d[\d.e+]*/, 'n')}`
    if (this.warned.has(key)) return
    this.warned.add(key)
    this.warn(`labgob: ${field === '' ? 'the value' : `field '${field}' of ${object}`} ${problem}`)
  }
}
