// One number for a whole run: two runs with the same hash went the same way, call by call. It takes in every RPC (time,
// both ends, method, sizes), every crash and restart, every apply and every save. Log lines are left out, so that a run
// that is watched has the hash of one that is not.

import { RollingHash } from '../util/rolling-hash.ts'
import type { LabEvent } from './event.ts'

/** A rolling hash of events. */
export class TraceHash {
  private readonly hash = new RollingHash()
  private readonly texts = new Map<string, number>()

  add(event: LabEvent): void {
    switch (event.kind) {
      case 'rpc sent':
      case 'rpc replied':
        this.fact(event.kind, event.time, event.call, event.from, event.to)
        this.hash.mix(this.text(event.method))
        this.hash.mix(event.body.length)
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
    return this.hash.digest
  }

  private fact(kind: string, timeMs: number, a: number, b: number, c: number): void {
    const { hash } = this
    hash.mix(this.text(kind))
    hash.mixTime(timeMs)
    hash.mix(a)
    hash.mix(b)
    hash.mix(c)
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
