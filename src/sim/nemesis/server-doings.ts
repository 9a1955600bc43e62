/** Crashes, pauses, clocks, releases. */
import type { Action } from '../plan.ts'
import type { SimServer } from '../sim-server.ts'
import { aimAt } from './aim.ts'
import type { Doing, Stage } from './stage.ts'

type ServerAction = Extract<
  Action,
  { kind: 'crash' | 'crashAt' | 'crashAll' | 'stop' | 'pause' | 'drift' | 'leap' | 'slowApply' | 'upgrade' }
>

/** See `doingOf`. */
export function doToServer(action: ServerAction, stage: Stage): Doing | null {
  const { cluster, random, supervisor } = stage
  if (action.kind === 'crashAll') {
    for (const server of cluster.servers) supervisor.holdDown(server, action.how)
    const up = [...cluster.servers]
    const end = (): void => {
      for (const server of up) supervisor.letUp(server)
    }
    return { words: `all servers crash (${action.how})`, server: null, end }
  }
  const server = aimAt(action.server, cluster, random)
  if (server === null) return null
  switch (action.kind) {
    case 'crash':
      supervisor.holdDown(server, action.how)
      return { words: `crash (${action.how})`, server, end: () => supervisor.letUp(server) }
    case 'crashAt':
      return crashAt(action, server, stage)
    case 'stop':
      return stop(server, stage)
    case 'pause':
      if (!server.isUp) return null
      cluster.pause(server)
      return { words: 'stands still', server, end: () => cluster.resume(server) }
    case 'drift':
      server.clock.drift(action.rate)
      return { words: `its clock runs ${action.rate} times as fast`, server, end: () => server.clock.drift(1) }
    case 'leap':
      if (server.host.isPaused) return null
      server.clock.leap(action.ms)
      return { words: `its clock leaps ${action.ms} ms ahead`, server, end: null }
    case 'slowApply':
      cluster.setApplyMs(server, action.ms)
      return { words: `applies a batch in ${action.ms} ms`, server, end: () => cluster.setApplyMs(server, 0) }
    case 'upgrade':
      cluster.setRelease(server, action.release)
      cluster.crash(server, 'kill')
      supervisor.startLater(server)
      return { words: `is release ${action.release} from now on`, server, end: null }
  }
}

/** The trap waits as long as the crash would last; then it is taken away. */
function crashAt(
  { how, trap, forMs }: Extract<Action, { kind: 'crashAt' }>,
  server: SimServer,
  { cluster, supervisor }: Stage,
): Doing {
  const { world } = cluster
  const { disk } = server
  const armed = {
    kind: trap.operation,
    prefix: trap.prefix,
    moment: trap.moment,
    spring: (): void => {
      if (!server.isUp) return
      supervisor.holdDown(server, how)
      cluster.observers.happened(`crash (${how}) ${trap.moment} ${trap.operation}`, server, false)
      world.schedule(forMs, () => supervisor.letUp(server))
    },
  }
  disk.trap = armed
  const end = (): void => {
    if (disk.trap === armed) disk.trap = null
  }
  return { words: `will crash ${trap.moment} the next ${trap.operation} on ${trap.prefix || 'any file'}`, server, end }
}

function stop(server: SimServer, { cluster, supervisor }: Stage): Doing | null {
  const { node } = server
  if (node === null) return null
  const { life } = server.host
  server.holds++
  const gone = (): void => {
    if (server.host.life === life) cluster.crash(server, 'kill')
    // It may have taken longer than it was to be away.
    supervisor.startIfMay(server)
  }
  node.stop().then(gone, gone)
  return { words: 'is stopped in good order', server, end: () => supervisor.letUp(server) }
}
