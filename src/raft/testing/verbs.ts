/**
 * The verbs of conversation scripts.
 *
 * | verb | what it does |
 * |---|---|
 * | `servers 3 [voters=s1,s2 outgoing=… learners=…] [option=value]` | starts s1, s2, s3 with empty disks |
 * | `configuration c voters=… [outgoing=… learners=…]` | names a configuration for `log` |
 * | `log s1 1 1 2c [base=3/1] [term=4] [vote=s2]` | the server starts over with this log on its disk |
 * | `campaign s1` | its election time-out runs out; nobody else notices |
 * | `elect s1`, `elect s1 s2,s3` | `quiet campaign s1`, then `quiet settle`; or only the votes of s2 and s3 are fetched |
 * | `tick s1` | its timer runs out: a leader's heartbeat |
 * | `wait s1 600`, `timeout s1` | its own clock goes ahead; until its timer runs out; no time passes for the others |
 * | `advance 300`, `run 300` | that many ms pass for all, with messages standing still or arriving at once |
 * | `propose s1 x y` or `propose s1 3x100` | commands in one turn; three of 100 bytes each |
 * | `deliver`, `drop`, `duplicate`, `hold`, `release` + messages | what the network does with messages in flight |
 * | `settle` | delivers until nothing moves, except what is held |
 * | `flight` | lists what is in flight |
 * | `count` | how many messages were sent since the last `count` |
 * | `cut s1->s2`, `heal s1->s2`, `heal` | links fail in one direction; `s1--s2` both; `s1--*` all of one server's |
 * | `unplug s1 s2` | the connection between them breaks, and both are told |
 * | `loses s1 s2` | s1 alone is told that its connection to s2 broke |
 * | `crash s1`, `restart s1` | it loses what is not durable |
 * | `disk s1 held`, `disk s1 auto`, `persist s1 [3]`, `persist s1 next` | batches wait until they are called durable: up to 3, all, or the oldest |
 * | `applying s1 held`, `applying s1 auto`, `apply s1` | the same for the state machine |
 * | `snapshot s1 3` | takes a snapshot at 3 and compacts the log up to it |
 * | `fail s1->s2` | messages are lost, and their senders are told |
 * | `transfer s1 s2`, `read s1` | what clients ask for |
 * | `read s1 lease`, `stall s1` | a read under the lease; the server was held up |
 * | `stepDown s1` | the leader gives up its office |
 * | `change s1 addLearner s4 [promote]`, `change s1 remove s2`, `change s1 replaceVoters s1,s4,s5` … | the same |
 * | `join s4` | starts a server that belongs to nobody yet |
 * | `status [s1]` | one line a server, more for a leader |
 *
 * Messages are named `s1->s2 [type] [n|last]`, `*` being any server; without `n`, all that fit.
 */
import { assert } from '../../util/assert.ts'
import { utf8Encode } from '../../util/bytes.ts'
import { type Configuration, NOBODY } from '../configuration.ts'
import type { ConfigurationChange } from '../configuration-change.ts'
import type { ServerId } from '../entry.ts'
import type { MessageType } from '../message.ts'
import type { RaftOptions } from '../options.ts'
import { TestCluster } from './cluster.ts'
import { describeMessage, describeState } from './describe.ts'
import { entriesOf } from './logs.ts'
import type { Flight, Selector } from './network.ts'

/** What a script's commands act on. */
export class ScriptWorld {
  isQuiet = false
  nextToken = 1
  /** How many messages the last `count` has counted. */
  counted = 0
  readonly configurations: Map<string, Configuration> = new Map()
  private trace: string[] = []
  private built: TestCluster | null = null

  get cluster(): TestCluster {
    assert(this.built !== null, 'there are no servers yet: begin with `servers 3`')
    return this.built
  }

  build(ids: readonly ServerId[], configuration: Configuration, options: Partial<RaftOptions>): void {
    const trace = (line: string, isNews: boolean): void => {
      if (isNews || !this.isQuiet) this.trace.push(line)
    }
    this.built = new TestCluster({ ids, configuration, options, trace })
  }

  say(line: string): void {
    this.trace.push(line)
  }

  takeTrace(): readonly string[] {
    const { trace } = this
    this.trace = []
    return trace
  }
}

type Verb = (world: ScriptWorld, words: readonly string[]) => void

/** Every verb by its name. */
export const VERBS: { readonly [name: string]: Verb } = {
  servers,
  configuration: (world, [name = '', ...words]) => {
    world.configurations.set(name, configurationOf(settingsIn(words), []))
  },
  log: preloadLog,
  campaign: ({ cluster }, [id]) => cluster.tick(idOf(id)),
  tick: ({ cluster }, [id]) => cluster.tick(idOf(id)),
  elect,
  wait: ({ cluster }, [id, ms]) => cluster.wait(idOf(id), Number(ms)),
  timeout: ({ cluster }, [id]) => cluster.timeout(idOf(id)),
  advance: ({ cluster }, [ms]) => cluster.advance(Number(ms)),
  run: ({ cluster }, [ms]) => cluster.advance(Number(ms), () => cluster.settle()),
  propose,
  deliver: (world, words) => forEachFlight(world, words, (flight) => world.cluster.arrive(flight)),
  drop: (world, words) => forEachFlight(world, words, (flight) => world.cluster.network.remove(flight)),
  duplicate: (world, words) => forEachFlight(world, words, (flight) => world.cluster.network.duplicate(flight)),
  hold: (world, words) => forEachFlight(world, words, (flight) => setHeld(flight, true)),
  release: (world, words) => forEachFlight(world, words, (flight) => setHeld(flight, false)),
  settle: ({ cluster }) => cluster.settle(),
  flight: (world) => {
    const { inFlight } = world.cluster.network
    if (inFlight.length === 0) world.say('nothing')
    for (const { message, isHeld } of inFlight) world.say(`${describeMessage(message)}${isHeld ? ' (held)' : ''}`)
  },
  count: (world) => {
    const { sentCount } = world.cluster.network
    world.say(`${sentCount - world.counted} messages`)
    world.counted = sentCount
  },
  cut: (world, words) => forEachLink(world, words, (from, to) => world.cluster.network.cut(from, to)),
  heal: (world, words) => {
    if (words.length === 0) world.cluster.network.healAll()
    forEachLink(world, words, (from, to) => world.cluster.network.heal(from, to))
  },
  unplug: ({ cluster }, [left, right]) => {
    cluster.loseConnection(idOf(left), idOf(right))
    cluster.loseConnection(idOf(right), idOf(left))
  },
  loses: ({ cluster }, [id, to]) => cluster.loseConnection(idOf(id), idOf(to)),
  crash: (world, words) => {
    for (const id of words) world.cluster.crash(id)
  },
  restart: (world, words) => {
    for (const id of words) world.cluster.restart(id)
  },
  disk: ({ cluster }, [id, mode]) => {
    const server = cluster.server(idOf(id))
    server.isDiskHeld = isHeldIn(mode)
    if (!server.isDiskHeld && server.raft !== null) server.persist(null)
  },
  persist: ({ cluster }, [id, seq]) => {
    const server = cluster.server(idOf(id))
    server.persist(seq === 'next' ? (server.disk.pendingSeqs[0] ?? null) : seq === undefined ? null : Number(seq))
  },
  applying: ({ cluster }, [id, mode]) => {
    const server = cluster.server(idOf(id))
    server.isApplyHeld = isHeldIn(mode)
    if (!server.isApplyHeld) server.apply()
  },
  apply: ({ cluster }, [id]) => cluster.server(idOf(id)).apply(),
  snapshot: (world, [id, index]) => {
    if (!world.cluster.takeSnapshot(idOf(id), Number(index))) world.say(`${id} cannot take a snapshot at ${index}`)
  },
  fail: (world, words) => forEachFlight(world, words, (flight) => world.cluster.fail(flight)),
  transfer: (world, [from, to]) => {
    const refusal = world.cluster.transfer(idOf(from), idOf(to))
    if (refusal !== null) world.say(`${from} refuses: ${refusal}`)
  },
  change,
  join: ({ cluster }, [id]) => cluster.join(idOf(id)),
  read: (world, [id, how]) => world.cluster.read(idOf(id), world.nextToken++, how === 'lease'),
  stepDown: ({ cluster }, [id]) => cluster.server(idOf(id)).input((raft, now) => raft.stepDown(now)),
  stall: ({ cluster }, [id]) => cluster.server(idOf(id)).input((raft, now) => raft.stalled(now)),
  status: (world, words) => {
    const ids = words.length > 0 ? words : world.cluster.ids
    for (const { id, raft } of ids.map((id) => world.cluster.server(id))) {
      for (const line of raft === null ? [`${id} is down`] : describeState(raft.inspect())) world.say(line)
    }
  },
}

function servers(world: ScriptWorld, [count, ...words]: readonly string[]): void {
  const ids = Array.from({ length: Number(count) }, (_, place) => `s${place + 1}`)
  const { voters, outgoing, learners, ...options } = settingsIn(words)
  const configuration = configurationOf({ voters, outgoing, learners }, ids)
  const parsed = Object.entries(options).map(([name, value]) => [name, optionOf(value)])
  world.build(ids, configuration, Object.fromEntries(parsed))
}

function elect(world: ScriptWorld, [id, voters]: readonly string[]): void {
  world.isQuiet = true
  world.cluster.tick(idOf(id))
  if (voters === undefined) world.cluster.settle()
  else fetchVotes(world.cluster, idOf(id), voters.split(','))
}

/** Requests and votes between the candidate and these servers arrive, those of others are lost; the rest stands still. */
function fetchVotes(cluster: TestCluster, candidate: ServerId, voters: readonly ServerId[]): void {
  const nextVote = (): Flight | undefined =>
    cluster.network.inFlight.find(({ message }) => message.type.includes('Vote'))
  for (let flight = nextVote(); flight !== undefined; flight = nextVote()) {
    const { from, to } = flight.message
    if (voters.includes(from === candidate ? to : from)) cluster.arrive(flight)
    else cluster.network.remove(flight)
  }
}

function preloadLog(world: ScriptWorld, [id, ...words]: readonly string[]): void {
  const { base = '0/0', term, vote = null } = settingsIn(words)
  const [baseIndex, baseTerm] = base.split('/').map(Number) as [number, number]
  const terms = words.filter((word) => !word.includes('=')).join(' ')
  const entries = entriesOf(terms, baseIndex + 1, world.configurations)
  const hardState = { term: Number(term ?? entries.at(-1)?.term ?? baseTerm), votedFor: vote }
  world.cluster.preload(idOf(id), { hardState, entries, base: { index: baseIndex, term: baseTerm } })
}

function propose(world: ScriptWorld, [id, ...words]: readonly string[]): void {
  const result = world.cluster.propose(idOf(id), words.flatMap(commandsOf))
  if (!result.accepted) world.say(`${id} refuses: ${result.reason}, leader=${result.leaderId ?? '-'}`)
}

function change(world: ScriptWorld, [id, type, subject = '', ...words]: readonly string[]): void {
  const result = world.cluster.change(idOf(id), changeOf(type, subject, words))
  if (!result.accepted) world.say(`${id} refuses: ${result.reason}, ${result.detail}`)
}

function changeOf(type: string | undefined, subject: string, words: readonly string[]): ConfigurationChange {
  switch (type) {
    case 'addLearner':
      return { type, id: subject, address: subject, incarnation: '', promote: words.includes('promote') }
    case 'promote':
    case 'demote':
    case 'remove':
      return { type, id: subject }
    case 'replaceVoters':
      return { type, voters: subject.split(',') }
    case 'setAddress':
      return { type, id: subject, address: words[0] ?? '' }
    default:
      throw new Error(`no change ${type}`)
  }
}

/** `x` is that text; `3x100` is three commands of 100 bytes. */
function commandsOf(word: string): Uint8Array[] {
  const [, count, bytes] = /^(\d+)x(\d+)$/.exec(word) ?? []
  if (count === undefined) return [utf8Encode(word)]
  return Array.from({ length: Number(count) }, () => new Uint8Array(Number(bytes)))
}

function forEachFlight(world: ScriptWorld, words: readonly string[], act: (flight: Flight) => void): void {
  const flights = world.cluster.network.select(selectorOf(words))
  if (flights.length === 0) world.say(`no such message: ${words.join(' ')}`)
  for (const flight of flights) act(flight)
}

function setHeld(flight: Flight, isHeld: boolean): void {
  flight.isHeld = isHeld
}

function selectorOf([link = '*->*', ...words]: readonly string[]): Selector {
  const [from, to] = link.split('->').map((id) => (id === '*' ? null : id)) as [ServerId | null, ServerId | null]
  const place = words.find((word) => /^(\d+|last)$/.test(word))
  const type = words.find((word) => word !== place) ?? null
  return { from, to, type: type as MessageType | null, place: place === undefined ? null : placeOf(place) }
}

function placeOf(word: string): number {
  return word === 'last' ? -1 : Number(word)
}

function forEachLink(world: ScriptWorld, words: readonly string[], act: (from: ServerId, to: ServerId) => void): void {
  const { ids } = world.cluster
  for (const word of words) {
    const isBoth = word.includes('--')
    const [left = '', right = ''] = word.split(isBoth ? '--' : '->')
    for (const from of left === '*' ? ids : [left]) {
      for (const to of right === '*' ? ids : [right]) {
        act(from, to)
        if (isBoth) act(to, from)
      }
    }
  }
}

/** The words `name=value`. */
function settingsIn(words: readonly string[]): { readonly [name: string]: string | undefined } {
  const settings = words.filter((word) => word.includes('='))
  return Object.fromEntries(settings.map((word) => word.split('=') as [string, string]))
}

function configurationOf(
  lists: { readonly [name: string]: string | undefined },
  others: readonly ServerId[],
): Configuration {
  const listOf = (name: string): ServerId[] => lists[name]?.split(',') ?? []
  const votersOutgoing = listOf('outgoing')
  const learners = listOf('learners')
  const named = listOf('voters')
  const voters = named.length > 0 ? named : others.filter((id) => !learners.includes(id))
  const addresses = Object.fromEntries([...voters, ...votersOutgoing, ...learners].map((id) => [id, id]))
  return { ...NOBODY, voters, votersOutgoing, learners, addresses }
}

function optionOf(value: string | undefined): number | boolean {
  return value === 'on' ? true : value === 'off' ? false : Number(value)
}

function idOf(word: string | undefined): ServerId {
  assert(word !== undefined, 'which server? Name one, as in `tick s1`')
  return word
}

function isHeldIn(mode: string | undefined): boolean {
  assert(mode === 'held' || mode === 'auto', `"${mode}" is no mode: say held or auto`)
  return mode === 'held'
}
