// From what stands in the page to the run: base64, then compression as zlib does it, then the file.

import type { Trace } from '../trace.ts'
import { decodeTrace } from '../trace-file.ts'

/** @throws Error when what is there is no run */
export async function unpack(packed: string): Promise<Trace> {
  if (packed === '') throw new Error('there is no run in this page: it is the empty template')
  const bytes = Uint8Array.from(atob(packed), (letter) => letter.charCodeAt(0))
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('deflate'))
  return decodeTrace(await new Response(stream).text())
}
