// A whole cluster of processes, in which servers die, come back and join.
import { Child, freePorts, until, withFolder } from './children.js'

const IDS = ['a', 'b', 'c']

/** `use(cluster)` with three servers of which one leads, `options` on top of the defaults; all is gone afterwards. */
export function withCluster({ directory: parent, segmentBytes }, use, options = {}) {
  return withFolder(parent, async (directory) => {
    const cluster = new Cluster(directory, { segmentBytes, ...options })
    try {
      await cluster.start()
      return await use(cluster)
    } finally {
      await cluster.end()
    }
  })
}

class Cluster {
  /** @param options of `startNode`, for every server */
  constructor(directory, options) {
    this.directory = directory
    this.options = options
    this.children = new Map()
    this.members = {}
    /** Who led when it was last asked. */
    this.leader = null
  }

  async start() {
    const ports = await freePorts(IDS.length)
    for (const [i, id] of IDS.entries()) this.members[id] = `127.0.0.1:${ports[i]}`
    await Promise.all(IDS.map((id) => this.serve(id)))
    await this.findLeader()
  }

  /** A process for this server, on the folder that it has or will have. `details` go to `startNode`, too. */
  async serve(id, details = {}) {
    const child = new Child()
    this.children.set(id, child)
    const { directory, members } = this
    await child.ask('serve', { directory, id, members, options: { ...this.options, ...details } })
    return child
  }

  /** A new server, which gets the log from those that are there. */
  async join(id) {
    const [port] = await freePorts(1)
    return this.serve(id, { listen: `127.0.0.1:${port}`, join: true })
  }

  get followers() {
    return [...this.children.values()].filter((child) => child !== this.leader)
  }

  idOf(child) {
    return [...this.children].find(([, each]) => each === child)[0]
  }

  /** @param without a server that may not be asked: it stands still, or is no more */
  async findLeader(without = null) {
    const asked = [...this.children.values()].filter((child) => child !== without)
    this.leader = await until('leader', async () => {
      const answers = await Promise.all(asked.map(async (child) => ({ child, ...(await child.ask('status')) })))
      // One that stood still for a second believes that it leads until it hears of the next term.
      const [newest] = answers.filter(({ role }) => role === 'leader').sort((a, b) => b.term - a.term)
      return newest?.child
    })
    return this.leader
  }

  /** Waits until every follower has all that is in the leader's log, or nearly: what comes meanwhile is left out. */
  async settle() {
    const leader = await this.findLeader()
    const { lastIndex } = await leader.ask('status')
    await until('follower that keeps up', async () => {
      const { peers } = await leader.ask('status')
      return peers.length > 0 && peers.every(({ matchIndex }) => matchIndex >= lastIndex)
    })
  }

  async end() {
    await Promise.all([...this.children.values()].map((child) => child.end()))
  }
}
