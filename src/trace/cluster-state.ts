// What every server was like after some event of a recorded run: the events folded, one by one.

import { LogShape } from './log-shape.ts'
import { eventAt, KIND, LINK_STATES, NOBODY, TRACE_ROLES, type Trace, type TraceRole } from './trace.ts'

/** Whether it runs. One that was never started is absent: it may join later. */
export type Life = 'absent' | 'up' | 'paused' | 'down'

/** One server. `leader` and `votedFor` are numbers of lanes, or NOBODY. */
export class ServerState {
  life: Life = 'absent'
  role: TraceRole = 'follower'
  term = 0
  leader: number = NOBODY
  votedFor: number = NOBODY
  log: LogShape = new LogShape()
  /** Up to here the log outlives a crash. */
  durable = 0
  commit = 0
  applied = 0
  voters: readonly string[] = []
  learners: readonly string[] = []
  outgoing: readonly string[] = []
  syncing = false

  copy(): ServerState {
    const copy = Object.assign(new ServerState(), this)
    copy.log = this.log.copy()
    return copy
  }
}

export class ClusterState {
  readonly servers: ServerState[]
  /** Directions that are not up: the number of the state, by `linkKey`. */
  readonly links: Map<number, number>

  constructor(servers: ServerState[], links: Map<number, number> = new Map()) {
    this.servers = servers
    this.links = links
  }

  /** Before anything happened. */
  static ofServers(count: number): ClusterState {
    return new ClusterState(Array.from({ length: count }, () => new ServerState()))
  }

  copy(): ClusterState {
    return new ClusterState(
      this.servers.map((server) => server.copy()),
      new Map(this.links),
    )
  }

  /** Takes in the event at this place. */
  apply(trace: Trace, place: number): void {
    const { kind, server: who, a, b, c, d } = trace.events
    const code = kind[place] ?? -1
    const number = who[place] ?? NOBODY
    const [first, second, third, fourth] = [a[place] ?? 0, b[place] ?? 0, c[place] ?? 0, d[place] ?? 0]
    if (code === KIND.link) this.setLink(number, second, third)
    const server = this.servers[number]
    if (server === undefined) return
    if (code <= KIND.resume) live(server, code)
    else if (code === KIND.role) {
      server.role = TRACE_ROLES[first] ?? 'follower'
      server.term = second
      server.leader = third
      server.votedFor = fourth
    } else if (code === KIND.configuration) configure(server, trace, place)
    else if (code === KIND.syncBegin || code === KIND.syncEnd) server.syncing = code === KIND.syncBegin
    else changeLog(server, code, first, second, third)
  }

  /** Of one direction. */
  link(from: number, to: number): (typeof LINK_STATES)[number] {
    return LINK_STATES[this.links.get(linkKey(from, to)) ?? 0] ?? 'up'
  }

  private setLink(from: number, to: number, state: number): void {
    if (state === 0) this.links.delete(linkKey(from, to))
    else this.links.set(linkKey(from, to), state)
  }
}

const MAX_SERVERS = 1024

/** One number for a direction between two servers: `from` in the upper bits, `to` in the lower ten. */
export function linkKey(from: number, to: number): number {
  return from * MAX_SERVERS + to
}

function live(server: ServerState, code: number): void {
  if (code === KIND.pause) server.life = 'paused'
  else if (code === KIND.resume) server.life = 'up'
  else if (code === KIND.start) restart(server)
  else {
    server.life = 'down'
    server.syncing = false
  }
}

function restart(server: ServerState): void {
  server.life = 'up'
  server.role = 'follower'
  server.leader = NOBODY
  server.syncing = false
  server.log.truncate(server.durable + 1)
  server.commit = server.log.baseIndex
  server.applied = server.log.baseIndex
}

function changeLog(server: ServerState, code: number, a: number, b: number, c: number): void {
  switch (code) {
    case KIND.append:
      server.log.append(a, b, c)
      server.durable = Math.min(server.durable, Math.max(a - 1, server.log.baseIndex))
      break
    case KIND.truncate:
      server.log.truncate(a)
      server.durable = Math.min(server.durable, server.log.lastIndex)
      break
    case KIND.compact:
      server.log.compact(a, b)
      server.durable = Math.max(server.durable, a)
      server.commit = Math.max(server.commit, a)
      break
    case KIND.durable:
      server.durable = a
      break
    case KIND.commit:
      server.commit = a
      break
    case KIND.apply:
      server.applied = a
      break
  }
}

function configure(server: ServerState, trace: Trace, place: number): void {
  const event = eventAt(trace, place)
  if (event.kind !== 'configuration') return
  server.voters = event.voters
  server.learners = event.learners
  server.outgoing = event.outgoing
}
