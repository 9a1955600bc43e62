// A run that never was, of any length: servers that elect, append, lose messages and crash, by a seed. What it says is
// consistent enough to be drawn, but no Raft.

import { Random } from '../../util/random.ts'
import { TraceRecorder } from '../recorder.ts'
import type { Trace } from '../trace.ts'

const SERVERS = ['s1', 's2', 's3', 's4', 's5']

/** A step is about twenty events. */
export function randomRun(seed: number, steps: number, maxEvents?: number): Trace {
  const random = new Random(seed)
  const settings = { loss: '10 %', disk: 'slow' }
  const header = { title: 'a random run', command: 'npx quorate …', seed: String(seed), servers: SERVERS, settings }
  const recorder = new TraceRecorder({ ...header, clients: ['c1', 'c2'] }, maxEvents)
  for (const server of SERVERS) {
    recorder.start(0, server)
    recorder.configuration(0, server, SERVERS)
  }
  const run = new RandomRun(random, recorder)
  for (let i = 0; i < steps; i++) run.step()
  return recorder.trace()
}

class RandomRun {
  private now = 0
  private term = 1
  private leader = 0
  private last = 0
  private message = 0
  private operation = 0
  private readonly lasts = SERVERS.map(() => 0)
  private readonly down = SERVERS.map(() => false)
  private readonly random: Random
  private readonly recorder: TraceRecorder

  constructor(random: Random, recorder: TraceRecorder) {
    this.random = random
    this.recorder = recorder
  }

  step(): void {
    const { random } = this
    this.now += random.fraction()
    const dice = random.below(1000)
    if (dice < 3) this.elect()
    else if (dice < 5) this.crash()
    else if (dice < 7) this.cut()
    else if (dice < 8) this.recorder.fault(this.now, SERVERS[random.below(5)] ?? null, 'disk is full')
    else this.replicate()
  }

  private elect(): void {
    this.term++
    this.leader = this.random.below(SERVERS.length)
    if (this.down[this.leader]) return
    const leader = SERVERS[this.leader] ?? ''
    this.recorder.role(this.now, leader, 'candidate', this.term, null, leader)
    this.recorder.role(this.now + 0.2, leader, 'leader', this.term, leader, leader)
    this.now += 0.2
    this.last = this.lasts[this.leader] ?? 0
  }

  private crash(): void {
    const server = this.random.below(SERVERS.length)
    const name = SERVERS[server] ?? ''
    const isDown = this.down[server] ?? false
    if (isDown) this.recorder.start(this.now, name)
    else if (server !== this.leader) this.recorder.crash(this.now, name)
    else return
    this.down[server] = !isDown
  }

  private cut(): void {
    const [from, to] = [SERVERS[this.random.below(5)] ?? '', SERVERS[this.random.below(5)] ?? '']
    if (from === to) return
    this.recorder.link(this.now, from, to, this.random.chance(0.5) ? 'down' : 'up')
  }

  private replicate(): void {
    const leader = SERVERS[this.leader] ?? ''
    const index = ++this.last
    const operation = ++this.operation
    this.recorder.invoke(this.now, `c${1 + (operation % 2)}`, operation, `put k${operation % 10}`)
    this.entry(this.leader, index)
    SERVERS.forEach((name, server) => {
      if (server !== this.leader && !this.down[server]) this.send(leader, name, server, index)
    })
    this.now += 0.1
    this.recorder.commit(this.now, leader, index)
    this.recorder.apply(this.now, leader, index)
    if (this.random.chance(0.98)) this.recorder.return(this.now, operation, 'ok', 'done')
    if (index % 50 === 0) this.recorder.compact(this.now, leader, index - 20, this.term)
  }

  private send(leader: string, name: string, server: number, index: number): void {
    const message = ++this.message
    this.recorder.send(this.now, message, leader, name, 'AppendEntries', this.term, `entries ${index}`)
    if (this.random.chance(0.1)) {
      this.recorder.lose(this.now, message, 'lost')
      return
    }
    this.now += 0.05
    this.recorder.arrive(this.now, message)
    if ((this.lasts[server] ?? 0) > index) this.recorder.truncate(this.now, name, index)
    this.entry(server, index)
  }

  private entry(server: number, index: number): void {
    const name = SERVERS[server] ?? ''
    this.recorder.append(this.now, name, index, [this.term])
    if (this.random.chance(0.9)) this.recorder.durable(this.now, name, index)
    this.lasts[server] = index
  }
}
