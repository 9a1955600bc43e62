/**
 * A Raft group at work on a log that it shares: each step says what the group's log holds once it is done, and does it.
 * What was acknowledged is `states[acknowledged]`; what comes behind it in `states` was tried and may be there or not.
 */
import { NOBODY } from '../../raft/configuration.ts'
import { encodeEntries, type Index, type Term } from '../../raft/entry.ts'
import type { PersistBatch } from '../../raft/ready.ts'
import { utf8Decode, utf8Encode } from '../../util/bytes.ts'
import type { LogStore, OpenedLog } from '../log-store.ts'
import type { SharedLog } from '../shared-log.ts'

const NOTHING: PersistBatch = { seq: 0, hardState: null, snapshot: null, truncateFrom: null, entries: [] }

/** What a group's log holds, as tests compare it. */
export interface Contents {
  readonly vote: string
  readonly base: string
  /** `term:text` of each entry behind the base. */
  readonly entries: readonly string[]
}

export const NO_CONTENTS: Contents = { vote: '0 null', base: '0 0', entries: [] }

/** Opens a group for good, and reads all of it. */
export async function contentsOf(log: SharedLog, name: string): Promise<Contents> {
  const store = log.group(name)
  const opened = await store.open()
  const found = await contentsIn(store, opened)
  await store.close()
  return found
}

async function contentsIn(store: LogStore, { hardState, base, lastIndex }: OpenedLog): Promise<Contents> {
  const entries: string[] = []
  while (base.index + entries.length < lastIndex) {
    const read = await store.read(base.index + entries.length + 1, lastIndex, 5000)
    if (read.length === 0) throw new Error(`entry ${base.index + entries.length + 1} is not there`)
    for (const { term, command } of read) entries.push(`${term}:${utf8Decode(command)?.slice(0, 20)}`)
  }
  return { vote: `${hardState.term} ${hardState.votedFor}`, base: `${base.index} ${base.term}`, entries }
}

export class GroupWork {
  /** Null: there is no such group. */
  readonly states: (Contents | null)[] = [null]
  acknowledged = 0
  readonly name: string
  private readonly log: SharedLog
  private readonly patience: boolean
  private store: LogStore

  /** @param patience tries again what finds no room */
  constructor(log: SharedLog, name: string, patience = false) {
    this.name = name
    this.log = log
    this.patience = patience
    this.store = log.group(name)
  }

  get now(): Contents {
    return this.states[this.states.length - 1] ?? NO_CONTENTS
  }

  open(): Promise<void> {
    return this.step(NO_CONTENTS, async () => {
      this.store = this.log.group(this.name)
      await this.store.open()
    })
  }

  async remove(): Promise<void> {
    await this.store.close()
    await this.step(null, () => this.log.remove(this.name))
  }

  vote(term: Term, votedFor: string): Promise<void> {
    return this.write({ vote: `${term} ${votedFor}` }, { hardState: { term, votedFor } })
  }

  /** The entries' texts begin with the group's name. */
  append(term: Term, ...words: string[]): Promise<void> {
    const texts = words.map((word) => `${this.name} ${word}`)
    const entries = encodeEntries(texts.map(utf8Encode), 'command', term, this.lastIndex + 1)
    return this.write(
      { entries: [...this.now.entries, ...texts.map((text) => `${term}:${text.slice(0, 20)}`)] },
      { entries },
    )
  }

  replaceFrom(index: Index, term: Term, word: string): Promise<void> {
    const kept = this.now.entries.slice(0, index - this.baseIndex - 1)
    const entries = encodeEntries([utf8Encode(`${this.name} ${word}`)], 'command', term, index)
    return this.write({ entries: [...kept, `${term}:${this.name} ${word}`] }, { truncateFrom: index, entries })
  }

  compact(index: Index, term: Term): Promise<void> {
    const entries = this.now.entries.slice(index - this.baseIndex)
    return this.step({ ...this.now, base: `${index} ${term}`, entries }, () => this.store.compact(index))
  }

  install(index: Index, term: Term): Promise<void> {
    const snapshot = { index, term, configuration: NOBODY }
    return this.write({ base: `${index} ${term}`, entries: [] }, { snapshot })
  }

  get lastIndex(): Index {
    return this.baseIndex + this.now.entries.length
  }

  private write(change: Partial<Contents>, batch: Partial<PersistBatch>): Promise<void> {
    return this.step({ ...this.now, ...change }, () => this.store.write([{ ...NOTHING, ...batch }]))
  }

  private async step(state: Contents | null, action: () => Promise<void>): Promise<void> {
    this.states.push(state)
    const place = this.states.length - 1
    for (let attempt = 1; ; attempt++) {
      try {
        await action()
        break
      } catch (error) {
        if (!this.patience || attempt > 3 || (error as { code: string }).code !== 'ERR_QUORATE_DISK_FULL') throw error
      }
    }
    this.acknowledged = Math.max(this.acknowledged, place)
  }

  private get baseIndex(): Index {
    return Number(this.now.base.split(' ')[0])
  }
}
