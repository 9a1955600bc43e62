import { describe, test } from 'vitest'
import { systemClock } from '../io/system-clock.ts'
import { Random } from '../util/random.ts'
import { type TransportStage, transportAcceptance } from './acceptance.ts'
import { StreamTransport } from './stream-transport.ts'
import { groupedStage } from './testing/grouped-stage.ts'
import { MemoryNetwork } from './testing/memory-network.ts'

describe('streams in memory carry a Transport:', () => {
  for (const { title, run } of transportAcceptance) test(title, () => run(sharedStage()))
})

describe('a group on a shared transport, beside others, is a Transport:', () => {
  for (const { title, run } of transportAcceptance) test(title, () => run(groupedStage(sharedStage())))
})

/** Over streams without sockets, on the real clock. */
function sharedStage(): TransportStage {
  const clock = systemClock()
  const network = new MemoryNetwork(clock)
  const opened: StreamTransport[] = []
  return {
    clock,
    open: async (handlers) => {
      const ids = Object.keys(handlers)
      for (const [id, handler] of Object.entries(handlers)) {
        const self = { cluster: 'test', id, incarnation: `disk-${id}`, address: id }
        const transport = new StreamTransport({ ...self, clock, random: new Random(1) }, network)
        await transport.start(handler)
        opened.push(transport)
      }
      for (const transport of opened) transport.setPeers(Object.fromEntries(ids.map((id) => [id, id])))
      return Object.fromEntries(opened.map((transport, i) => [ids[i], transport]))
    },
    hangUp: () => network.cutAll(),
    close: async () => {
      for (const transport of opened) await transport.stop()
    },
  }
}
