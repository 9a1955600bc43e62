// Waiting.

export function sleep(delayMs) {
  return new Promise((resolve) => setTimeout(resolve, Math.max(delayMs, 0)))
}

/** Waits until `find` gives something. @returns it; null when it has not after so long */
export async function until(find, forMs, everyMs = 20) {
  const deadline = performance.now() + forMs
  for (;;) {
    const found = await find()
    if (found) return found
    if (performance.now() > deadline) return null
    await sleep(everyMs)
  }
}
