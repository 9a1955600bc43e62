// Mutated bytes for everything that reads bytes from other machines: see src/runtime/testing/hostile.
import { FATES } from '../../dist/runtime/testing/hostile/target.js'
import { hostileTargets } from '../../dist/runtime/testing/hostile/targets.js'
import { Random } from '../../dist/util/random.js'

/** Of all inputs, every other one is a stream of frames: most of what a stranger can reach is behind them. */
const FRAME_SHARE = 0.5
const BATCH = 20_000
/** One input. What takes longer is tried again: on a machine with other work an input is interrupted for a second. */
const MAX_INPUT_MS = 50
const ATTEMPTS = 5
const MAX_GROWTH_MIB = 200
/** Of the frames whose checksum was made right, so many must get past it: else the mutations are too wild. */
const MIN_PAST_CHECKSUM = 0.5

/** @returns rows, findings, and what it cost; a finding is an error that names the input's seed */
export function attackDecoders({ inputs, seed }, note) {
  const { frames, all } = hostileTargets()
  const rssBefore = rss()
  const begun = performance.now()
  const cost = { longestMs: 0, peakRssMiB: rssBefore }
  const findings = []
  const rows = all.map((target) => {
    const share = target === frames ? FRAME_SHARE : (1 - FRAME_SHARE) / (all.length - 1)
    const wanted = Math.ceil(inputs * share)
    note(`${target.name}: ${wanted.toLocaleString('en')} inputs`)
    return { target: target.name, inputs: wanted, fates: attack(target, wanted, seed, cost, findings) }
  })
  const { mended, pastChecksum, refused, accepted } = frames.counts
  const result = {
    inputs: rows.reduce((sum, row) => sum + row.inputs, 0),
    seconds: (performance.now() - begun) / 1000,
    rows,
    mendedFrames: mended,
    pastChecksum,
    frameTypes: [...new Set([...accepted.keys(), ...refused.keys()])].sort().map((type) => ({
      type,
      accepted: accepted.get(type) ?? 0,
      refused: refused.get(type) ?? 0,
    })),
    longestMs: cost.longestMs,
    rssBeforeMiB: rssBefore,
    peakRssMiB: cost.peakRssMiB,
    findings,
  }
  judge(result)
  return result
}

function attack(target, wanted, seed, cost, findings) {
  const fates = Object.fromEntries(FATES.map((fate) => [fate, 0]))
  for (let done = 0; done < wanted; done += BATCH) {
    const batchSeed = seed + done
    const random = new Random(batchSeed)
    for (let i = 0; i < Math.min(BATCH, wanted - done); i++) {
      try {
        cost.longestMs = Math.max(cost.longestMs, attackOnce(target, random, fates))
      } catch (error) {
        findings.push(`${target.name}, seed ${batchSeed}, input ${i}: ${error.stack}`)
        if (findings.length > 10) return fates
      }
    }
    cost.peakRssMiB = Math.max(cost.peakRssMiB, rss())
  }
  return fates
}

/** @returns what it took, in ms: the shortest of several attempts when the first was long */
function attackOnce(target, random, fates) {
  const state = random.save()
  let shortest = Number.POSITIVE_INFINITY
  for (let left = ATTEMPTS; left > 0 && shortest > MAX_INPUT_MS; left--) {
    random.restore(state)
    const begun = performance.now()
    const fate = target.attack(random)
    if (shortest === Number.POSITIVE_INFINITY) fates[fate]++
    shortest = Math.min(shortest, performance.now() - begun)
  }
  return shortest
}

function judge({ findings, longestMs, rssBeforeMiB, peakRssMiB, mendedFrames, pastChecksum }) {
  if (longestMs > MAX_INPUT_MS) findings.push(`one input took ${Math.round(longestMs)} ms`)
  if (peakRssMiB - rssBeforeMiB > MAX_GROWTH_MIB)
    findings.push(`memory grew from ${rssBeforeMiB} to ${peakRssMiB} MiB, and may by ${MAX_GROWTH_MIB}`)
  if (pastChecksum < mendedFrames * MIN_PAST_CHECKSUM)
    findings.push(
      `of ${mendedFrames} frames with a right checksum ${pastChecksum} got past it: the mutations are too wild`,
    )
}

function rss() {
  return Math.round(process.memoryUsage.rss() / 2 ** 20)
}
