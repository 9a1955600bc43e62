// A closed loop: each of N proposers waits for its answer before it proposes again. Latencies are of single proposals.

// Code that has run a thousand times is still interpreted: one proposer alone would measure that for seconds.
const WARM_UP_CLIENTS = 64
const WARM_UP_SECONDS = 2

/**
 * @param {(command: Uint8Array) => Promise<unknown>} propose
 * @param {{ clients: number, size: number, seconds: number }} load
 */
export async function runLoad(propose, { clients, size, seconds }) {
  const command = new Uint8Array(size).fill(120)
  await loop(propose, command, Math.max(clients, WARM_UP_CLIENTS), WARM_UP_SECONDS)
  const { latencies, elapsedMs } = await loop(propose, command, clients, seconds)
  latencies.sort()
  const at = (share) => latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * share))]
  return {
    opsPerSecond: Math.round((latencies.length / elapsedMs) * 1000),
    p50Ms: round(at(0.5)),
    p99Ms: round(at(0.99)),
  }
}

async function loop(propose, command, clients, seconds) {
  let latencies = new Float64Array(1 << 16)
  let count = 0
  const begun = performance.now()
  const end = begun + seconds * 1000
  const client = async () => {
    for (let now = performance.now(); now < end; ) {
      await propose(command)
      const done = performance.now()
      if (count === latencies.length) {
        const larger = new Float64Array(2 * count)
        larger.set(latencies)
        latencies = larger
      }
      latencies[count++] = done - now
      now = done
    }
  }
  await Promise.all(Array.from({ length: clients }, client))
  return { latencies: latencies.slice(0, count), elapsedMs: performance.now() - begun }
}

function round(value) {
  return Math.round(value * 1000) / 1000
}
