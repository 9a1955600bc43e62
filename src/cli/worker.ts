// A worker process of `quorate lab --jobs`: runs one test at a time, as it is told, until its parent is gone.

import { chooseTests } from './choose-tests.ts'
import { Runner } from './perform-run.ts'
import type { FromWorker, ToWorker } from './worker-protocol.ts'

let runner: Runner | null = null

process.on('message', (message: ToWorker) => void obey(message))
process.on('disconnect', () => process.exit())
// The parent hears of an interrupt too, prints what it has, and then disconnects.
process.on('SIGINT', () => {})

async function obey(message: ToWorker): Promise<void> {
  if (message.kind === 'setting') {
    runner = await Runner.load(message.setting)
    tell({ kind: 'ready' })
    return
  }
  const [test] = chooseTests(message.test)
  if (runner === null || test === undefined) throw new Error('a worker was told to run before it was told how')
  tell({ kind: 'report', report: await runner.perform(test, message.seed) })
}

function tell(message: FromWorker): void {
  process.send?.(message)
}
