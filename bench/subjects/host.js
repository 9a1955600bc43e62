// One host of many groups, each with a state machine that only counts.
import { join } from 'node:path'
import { startHost } from 'quorate'
import { closedLoop } from '../harness/load.js'
import { Counter } from './node.js'

/** How many groups begin at a time: their first writes share syncs, and nobody waits for a thousand at once. */
const AT_ONCE = 100

export class Host {
  constructor(host, names) {
    this.host = host
    this.names = names
  }

  static async start(directory, id, members, groups, segmentBytes) {
    const storage = { firstSegmentBytes: segmentBytes }
    const host = await startHost({ id, cluster: 'bench', directory: join(directory, id), members, storage })
    const names = Array.from({ length: groups }, (_, i) => `group-${i}`)
    for (let i = 0; i < groups; i += AT_ONCE) {
      const some = names.slice(i, i + AT_ONCE)
      await Promise.all(some.map((name) => host.startGroup({ name, stateMachine: new Counter() })))
    }
    return new Host(host, names)
  }

  /** How many of the first `groups` lead here, and how many know a leader. */
  standing(groups) {
    const stati = this.names.slice(0, groups).map((name) => this.host.groups.get(name).status())
    const leading = stati.filter(({ role }) => role === 'leader').length
    const led = stati.filter(({ leaderId }) => leaderId !== null).length
    return { leading, led, resting: stati.filter(({ resting }) => resting).length }
  }

  /** So many clients on each of the first `groups` that lead here; null when none does. */
  async load(groups, load) {
    const led = this.names.slice(0, groups).map((name) => this.host.groups.get(name))
    const leaders = led.filter((node) => node.status().role === 'leader')
    if (leaders.length === 0) return null
    // Requests go round: however the answers come, each group has as many under way as the others, or nearly.
    const clients = leaders.length * load.clients
    let next = 0
    const request = (command) => leaders[next++ % leaders.length].propose(command, { timeoutMs: 30_000 })
    return closedLoop(request, { ...load, clients })
  }
}
