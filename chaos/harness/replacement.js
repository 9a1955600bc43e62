// A new server in the place of an old one, as an operator does it: it joins as a learner, comes to vote by itself when it
// has caught up, and then the old one is removed for ever. Trouble may break that off anywhere; healing carries it on.
import { rmSync } from 'node:fs'
import { run } from './command.js'

export class Replacement {
  constructor(cluster, old) {
    Object.assign(this, { cluster, old, newcomer: null })
  }

  async begin() {
    const { cluster } = this
    const place = await cluster.network.place(cluster.nextName())
    const members = Object.fromEntries(cluster.servers.map(({ id, member }) => [id, member]))
    this.newcomer = cluster.configure(place, { members, join: true })
    this.newcomer.start()
  }

  /** One step further, if it can be had now. @returns whether all is done */
  async advance() {
    const { cluster, old, newcomer } = this
    const leader = await cluster.leader()
    const status = leader === null ? null : await cluster.statusOf(leader)
    if (status === null) return false
    const { voters, learners, retired } = status.configuration
    if (retired.includes(old.id)) return this.end()
    // Where it listens is not where the others shall find it: what lies between them would be passed by.
    if (this.isKnownElsewhere(status.configuration))
      await leader.ask({ change: { type: 'setAddress', id: newcomer.id, address: newcomer.member } })
    // Trouble may have made a learner of it again.
    if (learners.includes(newcomer.id)) await leader.ask({ change: { type: 'promote', id: newcomer.id } })
    if (voters.includes(newcomer.id)) await leader.ask({ change: { type: 'remove', id: old.id } })
    return false
  }

  isKnownElsewhere({ addresses }) {
    const known = addresses[this.newcomer.id]
    return known !== undefined && known !== this.newcomer.member
  }

  /** The old one is removed: its process ends, its disk goes, its place is the newcomer's. */
  async end() {
    const { cluster, old, newcomer } = this
    Object.assign(cluster, { replacement: null, isReplacing: false })
    cluster.servers[cluster.servers.indexOf(old)] = newcomer
    cluster.former.push(old)
    await old.kill()
    if (cluster.ownDisks) run('umount', old.disk)
    rmSync(old.disk, { recursive: true, force: true })
    return true
  }
}
