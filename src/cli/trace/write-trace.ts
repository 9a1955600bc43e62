// Writes a recorded run as the page that shows it: the template that the build made, with the run in it, compressed.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { deflateSync } from 'node:zlib'
import { encodeTrace, type Trace, tracePage } from '../../trace/index.ts'
import { UsageError } from '../usage.ts'

const TEMPLATE = new URL('../../trace/page.html', import.meta.url)

/** Creates the folder too. @throws UsageError when it cannot be written */
export function writeTrace(file: string, trace: Trace): void {
  const packed = deflateSync(encodeTrace(trace), { level: 9 }).toString('base64')
  const page = tracePage(readFileSync(TEMPLATE, 'utf8'), packed, trace.header)
  try {
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, page)
  } catch (error) {
    throw new UsageError(`--trace ${file} cannot be written: ${(error as NodeJS.ErrnoException).code}`)
  }
}
