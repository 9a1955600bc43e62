/** Consensus of one, without a disk or a network: what the tests of the HTTP side stand on. It fails on request. */
import { NodeError, type NodeErrorCode, type NodeMetrics, type NodeStatus } from 'quorate'
import type { KvStateMachine } from 'quorate/kv'
import { NOBODY } from 'quorate/raft'
import type { Consensus } from '../kv-service.ts'

export class LonelyConsensus implements Consensus {
  /** Set, it is what every request fails with. */
  failure: NodeError | null = null
  reads = 0
  private readonly machine: KvStateMachine
  private lastIndex = 0

  constructor(machine: KvStateMachine) {
    this.machine = machine
  }

  failWith(code: NodeErrorCode, applied: 'no' | 'unknown'): void {
    this.failure = new NodeError(code, 'as the test wants it', applied)
  }

  async propose(bytes: Uint8Array): Promise<Uint8Array> {
    if (this.failure !== null) throw this.failure
    this.lastIndex++
    const [answer] = this.machine.apply([{ index: this.lastIndex, term: 7, command: bytes, session: null }])
    return answer ?? new Uint8Array(0)
  }

  async read<T>(query: () => T): Promise<T> {
    this.reads++
    if (this.failure !== null) throw this.failure
    return query()
  }

  status(): NodeStatus {
    return {
      ...{ id: 'a', role: 'leader', term: 7, leaderId: 'a', stopped: null, diskFull: false, peers: [] },
      ...{ commitIndex: this.lastIndex, lastApplied: this.lastIndex, firstIndex: 1, lastIndex: this.lastIndex },
      ...{ durableIndex: this.lastIndex, snapshotIndex: 0, logBytesInMemory: 0, uncommittedBytes: 0 },
      ...{ configuration: { ...NOBODY, voters: ['a'] }, forming: [], resting: false },
    }
  }

  metrics(): NodeMetrics {
    throw new Error('there is nothing to measure here: start a server')
  }
}
