// Other systems on the same machine in the same run, each in turns. Two kinds, which must not be mixed up:
//   over its API: etcd, where it is installed, and Quorate's server, which speaks the same API, by the same client over
//     HTTP and JSON; the client's own work is in these figures, and it is the same for both;
//   as a library: Quorate without a server, and whatever `--peer` names.
import { execFile } from 'node:child_process'
import { withChildren } from '../harness/children.js'
import { withCluster } from '../harness/cluster.js'
import { medianOf } from '../harness/latencies.js'
import { figure } from '../harness/table.js'
import { etcdVersion, withEtcd, withOwnServer } from '../subjects/etcd-api.js'

export const title = 'beside others'

const SIZE = 256
const PROPOSERS = [1, 64, 512]

/** A program that does not answer is found out now, not when everything else has been measured. */
export async function check({ peers }) {
  for (const { name, command } of peers) await ask(name, command, { clients: 1, size: SIZE, seconds: 1 })
}

export async function* run(options, progress) {
  const systems = systemsFor(options, progress)
  for (const proposers of options.proposers ?? PROPOSERS) {
    for (const size of options.sizes ?? [SIZE]) {
      const load = { clients: proposers, size, seconds: options.seconds, warmUpSeconds: options.warmUpSeconds }
      const turns = new Map(systems.map((system) => [system, []]))
      for (let turn = 1; turn <= options.peerTurns; turn++) {
        for (const { name, measure } of systems) {
          progress(`${name}: ${proposers} clients, turn ${turn} of ${options.peerTurns}`)
          turns.get(systems.find((system) => system.name === name)).push(await measure(load))
        }
      }
      for (const [{ name, way }, results] of turns) {
        yield { scenario: title, system: name, way, proposers, size, turns: results.length, ...medianOf(results) }
      }
    }
  }
}

function systemsFor(options, note) {
  const { directory, peers } = options
  const overHttp = (withServers) => (load) =>
    withServers(directory, (port) => withChildren(1, directory, ([child]) => child.ask('loadHttp', { port, load })))
  const library = (load) => withCluster(options, ({ leader }) => leader.ask('load', { load }))
  const systems = [
    { name: 'Quorate', way: 'library', measure: library },
    { name: "Quorate's server", way: 'API, HTTP and JSON', measure: overHttp(withOwnServer) },
  ]
  const etcd = etcdVersion()
  if (etcd === null) note('etcd is not on the PATH: its figures are left out', { stays: true })
  else systems.push({ name: etcd, way: 'API, HTTP and JSON', measure: overHttp(withEtcd) })
  for (const { name, command } of peers)
    systems.push({ name, way: 'program', measure: (load) => ask(name, command, load) })
  return systems
}

/** Runs the program, with its places filled in, and takes the last line that it prints. */
function ask(name, command, { clients, size, seconds }) {
  const filled = { proposers: clients, bytes: size, seconds }
  const line = command.replaceAll(/\{(proposers|bytes|seconds)\}/g, (_, place) => filled[place])
  return new Promise((resolve, reject) => {
    execFile('/bin/sh', ['-c', line], { maxBuffer: 2 ** 24 }, (error, stdout, stderr) => {
      if (error !== null) reject(new Error(`--peer ${name}: '${line}' failed: ${stderr.trim() || error.message}`))
      else
        try {
          resolve(answerOf(stdout))
        } catch (wrong) {
          reject(new Error(`--peer ${name}: '${line}' ${wrong.message}`))
        }
    })
  })
}

function answerOf(stdout) {
  const text = stdout.trim().split('\n').pop()
  let answer = null
  try {
    answer = JSON.parse(text)
  } catch {}
  const { opsPerSecond, p50Ms, p99Ms, p999Ms = null } = answer ?? {}
  if (![opsPerSecond, p50Ms, p99Ms].every(Number.isFinite))
    throw new Error(`must end with a line {"opsPerSecond":…,"p50Ms":…,"p99Ms":…}, and printed: ${text.slice(0, 200)}`)
  return { opsPerSecond, p50Ms, p99Ms, p999Ms }
}

export const columns = [
  ['system', (row) => row.system],
  ['measured as', (row) => row.way],
  ['clients', (row) => row.proposers],
  ['bytes', (row) => row.size],
  ['writes/s', (row) => figure(row.opsPerSecond)],
  ['p50', (row) => figure(row.p50Ms, 'ms')],
  ['p99', (row) => figure(row.p99Ms, 'ms')],
  ['p999', (row) => figure(row.p999Ms, 'ms')],
]
