/**
 * A client somewhere on the network: asks a server, any server, waits as long as its patience lasts, and asks the next
 * thing. It never asks twice.
 */
import type { Random } from '../../util/random.ts'
import type { SimServer } from '../sim-server.ts'
import type { Operation } from '../workload.ts'
import type { Bench } from './bench.ts'
import { isRefusal, type Result } from './history.ts'

/** To the server and back, each way at most. */
const MAX_WAY_MS = 2

const NOBODY: Result = { outcome: 'fail', why: 'no server is there' }

export class PlainClient {
  private readonly bench: Bench
  private readonly number: number
  private readonly random: Random
  private who: number
  private serial = 0

  constructor(bench: Bench, number: number, random: Random) {
    this.bench = bench
    this.number = number
    this.random = random
    this.who = bench.history.newName()
  }

  /** Until the bench closes. */
  async work(): Promise<void> {
    const { bench, random } = this
    while (bench.isOpen) {
      await bench.sleep(random.fraction() * bench.settings.thinkMs)
      if (bench.isOpen) await this.once()
    }
  }

  private async once(): Promise<void> {
    const { bench, random, number } = this
    const operation = bench.workload.next(random, number, ++this.serial)
    const pending = bench.history.invoke(number, this.who, operation)
    const result = await this.ask(random.pick(bench.cluster.servers), operation)
    bench.history.complete(number, pending, result)
    if (result.outcome === 'info') this.who = bench.history.newName()
  }

  /** There and back. What dies with the server is not answered, and the client's patience ends some time. */
  private ask(server: SimServer, operation: Operation): Promise<Result> {
    const { world, settings } = this.bench
    return new Promise((resolve) => {
      const giveUp = world.schedule(settings.patienceMs, () => resolve({ outcome: 'info' }))
      world.scheduleArrival(this.wayMs(), server.host, () => {
        const { life } = server.host
        void this.serve(server, operation).then((result) => {
          if (server.host.life !== life) return
          world.schedule(this.wayMs(), () => {
            giveUp()
            resolve(result)
          })
        })
      })
    })
  }

  private async serve(server: SimServer, operation: Operation): Promise<Result> {
    const { node } = server
    const { bench } = this
    const result: Result = node === null ? NOBODY : await bench.perform(server, node, node, operation)
    if (isRefusal(result) && operation.command !== null) bench.ledger.refuse(operation.command)
    return result
  }

  private wayMs(): number {
    return this.random.fraction() * MAX_WAY_MS
  }
}
