// One number for a whole run: two runs with the same hash went the same way, call by call. It takes in every RPC (time,
// both ends, method, sizes), every crash and restart, every apply and every save. Log lines are left out, so that a run
// that is watched has the hash of one that is not.

import type { LabEvent } from './event.ts'

/** A rolling hash of 64 bits, in two lanes that are mixed differently. */
export class TraceHash {
  private low = 0x243f6a88
  private high = 0x85a308d3
  private readonly texts = new Map<string, number>()

  add(event: LabEvent): void {
    switch (event.kind) {
      case 'rpc sent':
      case 'rpc replied':
        this.fact(event.kind, event.time, event.call, event.from, event.to)
        this.mix(this.text(event.method))
        this.mix(event.body.length)
        break
      case 'rpc received':
      case 'rpc delayed':
      case 'rpc dropped':
        this.fact(event.kind, event.time, event.call, event.from, event.to)
        break
      case 'connect':
      case 'disconnect':
      case 'crash':
      case 'start':
        this.fact(event.kind, event.time, event.server, 0, 0)
        break
      case 'apply':
        this.fact(event.kind, event.time, event.server, event.index, hashText(String(event.command)))
        break
      case 'apply snapshot':
        this.fact(event.kind, event.time, event.server, event.index, event.bytes)
        break
      case 'persist':
        this.fact(event.kind, event.time, event.server, event.raftStateBytes, event.snapshotBytes)
        break
      case 'log':
      case 'tester':
      case 'warning':
        break
    }
  }

  /** Sixteen hexadecimal digits. */
  digest(): string {
    return [this.high, this.low].map((lane) => (lane >>> 0).toString(16).padStart(8, '0')).join('')
  }

  private fact(kind: string, timeMs: number, a: number, b: number, c: number): void {
    const nanoseconds = Math.round(timeMs * 1e6)
    this.mix(this.text(kind))
    this.mix(nanoseconds | 0)
    this.mix(Math.floor(nanoseconds / 2 ** 32))
    this.mix(a)
    this.mix(b)
    this.mix(c)
  }

  private mix(value: number): void {
    this.low = Math.imul(this.low ^ value, 0x85ebca6b)
    this.low = (this.low << 13) | (this.low >>> 19)
    this.high = Math.imul(this.high ^ this.low ^ value, 0xc2b2ae35)
    this.high ^= this.high >>> 16
  }

  /** Method names and kinds come again and again: their hashes are kept. */
  private text(text: string): number {
    let hash = this.texts.get(text)
    if (hash === undefined) {
      hash = hashText(text)
      this.texts.set(text, hash)
    }
    return hash
  }
}

function hashText(text: string): number {
  let hash = text.length
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  return hash
}
