// Servers that each have a network stack of their own, on a bridge: here TCP itself suffers, by nftables, by links that
// go down, and by a token bucket. For the inside of a network namespace of our own: all of it is gone with that.
import { run, works } from './command.js'

const BRIDGE = 'chaos0'
const SUBNET = '10.77.0'
const OURS = 254
const PEER_PORT = 7001
const CLIENT_PORT = 2379

export class NamespaceNetwork {
  constructor() {
    this.hosts = new Map()
    // Where `ip` keeps names, on a file system that nobody else sees.
    run('mount', '-t', 'tmpfs', 'none', '/run')
    run('ip', 'link', 'set', 'lo', 'up')
    run('ip', 'link', 'add', BRIDGE, 'type', 'bridge')
    run('ip', 'address', 'add', `${SUBNET}.${OURS}/24`, 'dev', BRIDGE)
    run('ip', 'link', 'set', BRIDGE, 'up')
  }

  async place(id) {
    const address = `${SUBNET}.${this.hosts.size + 1}`
    this.hosts.set(id, address)
    run('ip', 'netns', 'add', id)
    run('ip', 'link', 'add', `to-${id}`, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', id)
    run('ip', 'link', 'set', `to-${id}`, 'master', BRIDGE, 'up')
    run('ip', '-n', id, 'link', 'set', 'lo', 'up')
    run('ip', '-n', id, 'address', 'add', `${address}/24`, 'dev', 'eth0')
    run('ip', '-n', id, 'link', 'set', 'eth0', 'up')
    const chain = 'type filter hook input priority 0; policy accept;'
    this.nft(id, `add table inet chaos; add chain inet chaos input { ${chain} }`)
    const [listen, clients] = [`${address}:${PEER_PORT}`, `${address}:${CLIENT_PORT}`]
    return { id, listen, clients, member: listen, wrapper: ['nsenter', `--net=/run/netns/${id}`, '--'] }
  }

  /** What one server gets of another: `rule` is nftables' words for what becomes of it. */
  receive(id, from, rule) {
    this.nft(id, `add rule inet chaos input ip saddr ${this.hosts.get(from)} ${rule}`)
  }

  /** One server gets everything again. */
  receiveAll(id) {
    this.nft(id, 'flush chain inet chaos input')
  }

  cable(id, state) {
    run('ip', '-n', id, 'link', 'set', 'eth0', state)
  }

  /** @param rate as tc has it, such as 200kbit; null for no bound */
  bound(id, rate) {
    works('tc', '-n', id, 'qdisc', 'del', 'dev', 'eth0', 'root')
    if (rate !== null)
      run(
        'tc',
        '-n',
        id,
        'qdisc',
        'add',
        'dev',
        'eth0',
        'root',
        'tbf',
        'rate',
        rate,
        'burst',
        '4kb',
        'latency',
        '200ms',
      )
  }

  nft(id, words) {
    run('ip', 'netns', 'exec', id, 'nft', words)
  }

  heal() {
    for (const id of this.hosts.keys()) {
      this.receiveAll(id)
      this.cable(id, 'up')
      this.bound(id, null)
    }
  }

  async close() {}
}
