/**
 * One group's view of a transport that many share: a Transport as any other, without a listener or connections of its
 * own. What it adds is the group; the carrying is done by the transport below, over sockets or in memory.
 */
import type { ServerId } from '../raft/entry.ts'
import type { InstallSnapshot, Message } from '../raft/message.ts'
import { assert } from '../util/assert.ts'
import type { Group } from './groups.ts'
import { type SnapshotSource, type Transport, TransportError, type TransportHandlers } from './transport.ts'

/** What the transport below does for its groups; each method as in `Transport`, for one group. */
export interface Carrier {
  /** @throws TransportError ERR_QUORATE_ADDRESS_IN_USE: the group runs here already; ERR_QUORATE_STOPPED */
  begin(group: Group, handlers: TransportHandlers): void
  setPeers(group: Group, addresses: { readonly [id: ServerId]: string }): void
  send(group: Group, message: Message): void
  request(group: Group, to: ServerId, body: Uint8Array, timeoutMs: number): Promise<Uint8Array>
  sendSnapshot(group: Group, message: InstallSnapshot, source: SnapshotSource): Promise<void>
  /** Ends what the group has under way, tells the other servers, and forgets its peers. */
  end(group: Group): void
}

export class GroupTransport implements Transport {
  private readonly carrier: Carrier
  private readonly group: Group
  private state: 'new' | 'running' | 'stopped' = 'new'
  private addresses: { readonly [id: ServerId]: string } = {}

  constructor(carrier: Carrier, group: Group) {
    this.carrier = carrier
    this.group = group
  }

  async start(handlers: TransportHandlers): Promise<void> {
    assert(this.state === 'new', 'a transport is started once')
    this.carrier.begin(this.group, handlers)
    this.state = 'running'
    this.carrier.setPeers(this.group, this.addresses)
  }

  setPeers(addresses: { readonly [id: ServerId]: string }): void {
    this.addresses = addresses
    if (this.state === 'running') this.carrier.setPeers(this.group, addresses)
  }

  send(message: Message): void {
    if (this.state === 'running') this.carrier.send(this.group, message)
  }

  async request(to: ServerId, body: Uint8Array, timeoutMs: number): Promise<Uint8Array> {
    this.checkRunning()
    return this.carrier.request(this.group, to, body, timeoutMs)
  }

  async sendSnapshot(message: InstallSnapshot, source: SnapshotSource): Promise<void> {
    this.checkRunning()
    return this.carrier.sendSnapshot(this.group, message, source)
  }

  async stop(): Promise<void> {
    if (this.state === 'running') this.carrier.end(this.group)
    this.state = 'stopped'
  }

  private checkRunning(): void {
    if (this.state === 'running') return
    throw this.state === 'stopped'
      ? new TransportError('ERR_QUORATE_STOPPED', `group '${this.group.name}' was stopped`)
      : new TransportError('ERR_QUORATE_UNREACHABLE', `group '${this.group.name}' was not started yet`)
  }
}
