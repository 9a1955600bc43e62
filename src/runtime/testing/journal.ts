/** A state machine for tests: it remembers every command, in order, as text, and which sessions ended; the answer is the command's place. */
import type { Index } from '../../raft/entry.ts'
import { concat, utf8Decode, utf8Encode } from '../../util/bytes.ts'
import type { Clock } from '../../util/clock.ts'
import type { CommittedEntry, EntryPlace, StateMachine } from '../state-machine.ts'

export class Journal implements StateMachine {
  lines: string[] = []
  /** How often a whole snapshot was taken in. */
  restored = 0
  /** True while a snapshot is being taken in: whoever looks now sees nothing that ever was. */
  isHalf = false
  /** How long `apply` takes; 0 answers within the call. */
  applyMs = 0
  /** How long `restore` takes. */
  restoreMs = 0
  /** Takes the place of the answers. */
  answer: (line: string, place: number) => Uint8Array = (_line, place) => utf8Encode(String(place))
  private readonly clock: Clock

  constructor(clock: Clock) {
    this.clock = clock
  }

  apply(entries: readonly CommittedEntry[]): readonly Uint8Array[] | Promise<readonly Uint8Array[]> {
    if (this.applyMs === 0) return this.applyNow(entries)
    return this.sleep(this.applyMs).then(() => this.applyNow(entries))
  }

  sessionsClosed(ids: readonly number[], _entry?: EntryPlace): void {
    for (const id of ids) this.lines.push(`session ${id} closed`)
  }

  snapshot(): AsyncIterable<Uint8Array> {
    const text = this.lines.join('\n')
    return (async function* () {
      yield utf8Encode(text)
    })()
  }

  async restore(source: AsyncIterable<Uint8Array>, _index?: Index): Promise<void> {
    this.isHalf = true
    this.lines = []
    const pieces: Uint8Array[] = []
    for await (const piece of source) pieces.push(piece)
    if (this.restoreMs > 0) await this.sleep(this.restoreMs)
    const text = utf8Decode(concat(pieces)) ?? ''
    this.lines = text === '' ? [] : text.split('\n')
    this.isHalf = false
    this.restored++
  }

  private applyNow(entries: readonly CommittedEntry[]): Uint8Array[] {
    return entries.map(({ command }) => {
      const line = utf8Decode(command) ?? ''
      return this.answer(line, this.lines.push(line))
    })
  }

  private sleep(delayMs: number): Promise<void> {
    return new Promise((resolve) => void this.clock.schedule(delayMs, resolve))
  }
}
