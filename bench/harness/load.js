// A closed loop: each of N clients waits for its answer before it asks again. Latencies are of single requests.
//
// It says how much there can be at most. What a stall does to people who do not wait for each other it hides, because
// nobody asks during a stall: for that there is the open loop.
import { Latencies, round } from './latencies.js'

// Code that has run a thousand times is still interpreted: one client alone would measure that for seconds.
const WARM_UP_CLIENTS = 64

/**
 * @param {(command: Uint8Array) => Promise<unknown>} request
 * @param {{ clients: number, size: number, seconds: number, warmUpSeconds?: number }} load
 */
export async function closedLoop(request, { clients, size, seconds, warmUpSeconds = 0 }) {
  const command = new Uint8Array(size).fill(120)
  if (warmUpSeconds > 0) await turn(request, command, Math.max(clients, WARM_UP_CLIENTS), warmUpSeconds)
  const { latencies, elapsedMs } = await turn(request, command, clients, seconds)
  return { opsPerSecond: round((latencies.count / elapsedMs) * 1000), ...latencies.summary() }
}

async function turn(request, command, clients, seconds) {
  const latencies = new Latencies()
  const begun = performance.now()
  const end = begun + seconds * 1000
  const client = async () => {
    for (let now = performance.now(); now < end; ) {
      await request(command)
      const done = performance.now()
      latencies.add(done - now)
      now = done
    }
  }
  await Promise.all(Array.from({ length: clients }, client))
  return { latencies, elapsedMs: performance.now() - begun }
}
