// The tester's record of what each server applied. A crash does not clear it: what a server applies again after a
// restart is checked against what it applied before, and against all others.

import type { Command } from './apply-msg.ts'
import { fail, LabFailure } from './failure.ts'
import type { Labgob } from './labgob.ts'

/** How many servers applied an index, and which command. */
export interface Committed {
  readonly servers: number
  readonly command: Command
}

/** What every server has applied, compared as it comes. */
export class AppliedLog {
  /** The highest index that any server applied. */
  maxIndex = 0
  private readonly commands: Map<number, Command>[]
  private readonly labgob: Labgob

  constructor(servers: number, labgob: Labgob) {
    this.commands = Array.from({ length: servers }, () => new Map<number, Command>())
    this.labgob = labgob
  }

  /** @throws LabFailure when a server applied another command at this index, or this server skipped the one before */
  record(server: number, index: number, command: Command): void {
    this.commands.forEach((others, other) => {
      if (others.has(index) && others.get(index) !== command) {
        throw new LabFailure(
          `apply error: server ${server} applied ${show(command)} at index ${index}, ` +
            `where server ${other} applied ${show(others.get(index))}`,
        )
      }
    })
    const own = this.of(server)
    const inOrder = index <= 1 || own.has(index - 1)
    own.set(index, command)
    this.maxIndex = Math.max(this.maxIndex, index)
    if (!inOrder) throw new LabFailure(`apply error: server ${server} applied index ${index} before index ${index - 1}`)
  }

  /** @throws LabFailure when two servers applied different commands */
  committed(index: number): Committed {
    let servers = 0
    let command: Command = null
    for (const applied of this.commands) {
      if (!applied.has(index)) continue
      const found = applied.get(index)
      if (servers > 0 && found !== command) {
        fail(`one command at index ${index}`, `${show(command)} on one server and ${show(found)} on another`)
      }
      servers++
      command = found
    }
    return { servers, command }
  }

  /** The service's state up to `index` as bytes: the index, then the commands 0 to index, 0 being none. */
  encode(server: number, index: number): Uint8Array {
    const own = this.of(server)
    const commands = Array.from({ length: index + 1 }, (_, i) => own.get(i) ?? null)
    return this.labgob.encoder().encode(index).encode(commands).bytes()
  }

  /**
   * Replaces a server's record by a snapshot that `encode` made; its index is returned.
   *
   * @param expected the index that Raft gave with it, or −1 when it comes from the Persister
   * @throws LabFailure when the snapshot is empty, unreadable or another one
   */
  ingest(server: number, snapshot: Uint8Array, expected: number): number {
    const { index, commands } = this.decode(server, snapshot)
    if (expected !== -1 && index !== expected) {
      throw new LabFailure(
        `apply error: server ${server} delivered a snapshot up to index ${index} with snapshotIndex ${expected}`,
      )
    }
    this.commands[server] = new Map(commands.map((command, i) => [i, command]))
    return index
  }

  private decode(server: number, snapshot: Uint8Array): { index: number; commands: unknown[] } {
    try {
      const decoder = this.labgob.decoder(snapshot)
      const index = decoder.decode()
      const commands = decoder.decode()
      if (typeof index === 'number' && Array.isArray(commands)) return { index, commands }
    } catch {
      // Said below, with what it means.
    }
    throw new LabFailure(
      `apply error: server ${server} has a snapshot of ${snapshot.length} bytes that is not one that was given to snapshot()`,
    )
  }

  private of(server: number): Map<number, Command> {
    return this.commands[server] as Map<number, Command>
  }
}

/** A command for a message: long texts are cut. */
export function show(command: Command): string {
  const text = typeof command === 'string' ? `'${command}'` : String(command)
  return text.length > 40 ? `${text.slice(0, 40)}… (${text.length} characters)` : text
}
