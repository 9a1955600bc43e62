/** Every step of every server, shown to the second specification: it must be a step of Raft's. */
import { RaftObserver } from '../../observe/observer.ts'
import type { Message } from '../../raft/message.ts'
import type { Raft } from '../../raft/raft.ts'
import type { Ready } from '../../raft/ready.ts'
import type { RaftInput } from '../../raft/watched-raft.ts'
import { SpecViolation } from '../../spec/rules.ts'
import type { SimServer } from '../sim-server.ts'
import { BrokenProperty, type Observer } from './observer.ts'

/** A message that is so many messages late is not asked about: a run of an hour would remember all of them. */
const REMEMBER = 200_000

export class Conformance implements Observer {
  private readonly observer: RaftObserver
  private readonly disks = new Map<string, number>()

  constructor(leaseReads: boolean) {
    this.observer = new RaftObserver({ leaseReads, remember: REMEMBER })
  }

  /** How many steps were judged. */
  get steps(): number {
    return this.observer.specification.steps
  }

  booted(server: SimServer, raft: Raft): void {
    const disk = this.disks.get(server.id) ?? server.diskNumber
    this.disks.set(server.id, server.diskNumber)
    // What somebody has tampered with need not be what it was; that it promises nothing else is Durable State's to say.
    if (disk !== server.diskNumber || server.isTampered) this.observer.specification.forget(server.id)
    this.judge(server, () => this.observer.booted(raft))
  }

  told(server: SimServer, raft: Raft, input: RaftInput): void {
    this.judge(server, () => this.observer.told(raft, input))
  }

  readied(server: SimServer, raft: Raft, ready: Ready): void {
    this.judge(server, () => this.observer.readied(raft, ready))
  }

  sent(_server: SimServer, message: Message): void {
    if (message.type === 'InstallSnapshot') this.observer.specification.offer(message)
  }

  private judge(server: SimServer, show: () => void): void {
    try {
      show()
    } catch (error) {
      if (!(error instanceof SpecViolation)) throw error
      throw new BrokenProperty(`Specification (${error.rule})`, server.id, error.message)
    }
  }
}
