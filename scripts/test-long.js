// What takes too long for every commit: chaos on both networks, and some of the system calls in turn. The last line is
// `N passed, N failed`, where a phase and a call count as one each.
//
//   npm run test:long                    ten minutes of chaos, and about three of system calls
//   npm run test:long -- --minutes 120   for a night
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
/** The share of the time that the second network gets, where it can be had. */
const NAMESPACES_SHARE = 0.3
const EVERY_CALL = '5'

const { values } = parseArgs({ options: { minutes: { type: 'string', default: '10' } } })
const minutes = Number(values.minutes)
if (!(minutes > 0)) {
  console.error(`--minutes is '${values.minutes}': it must be a number above 0`)
  process.exit(2)
}
const total = { passed: 0, failed: 0 }
const proxied = String(minutes * (1 - NAMESPACES_SHARE))
await part('chaos, by a proxy', ['chaos/run.js', '--minutes', proxied])
const other = ['chaos/run.js', '--network', 'namespaces', '--minutes', String(minutes * NAMESPACES_SHARE)]
await part('chaos, in namespaces', other)
await part('system calls in turn', ['chaos/system-calls.js', '--every', EVERY_CALL])
console.log(`${total.passed} passed, ${total.failed} failed`)
process.exitCode = total.failed === 0 ? 0 : 1

async function part(title, command) {
  console.log(`== ${title}`)
  const { status, output } = await run(command)
  // A part that this machine cannot do has said so, and counts as nothing.
  if (status === 2) return
  const [, passed, failed] = /^(\d+) passed, (\d+) failed$/m.exec(output) ?? []
  total.passed += Number(passed ?? 0)
  // One that broke off has no figures, and has not passed.
  total.failed += failed === undefined || (status !== 0 && failed === '0') ? 1 : Number(failed)
}

function run(command) {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, command, { cwd: ROOT, stdio: ['inherit', 'pipe', 'inherit'] })
    let output = ''
    child.stdout.setEncoding('utf8').on('data', (text) => {
      output += text
      process.stdout.write(text)
    })
    child.on('close', (status) => resolve({ status, output }))
  })
}
