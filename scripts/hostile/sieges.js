// A real server that is held up and flooded while an honest client works through the other two.
import { tmpdir } from 'node:os'
import { withFolder } from '../../bench/harness/children.js'
import { HonestClient, put, rssOf, ServedCluster, sleep, statusOf } from './cluster.js'
import { FLOOD, Siege, SLOW } from './rudeness.js'

const LOOK_MS = 250
const MAX_GROWTH_MIB = 400
/** The machine is busy with the enemies as well. */
const MAX_P99_MS = 2000
const LARGE_BYTES = 300_000
const LARGE_VALUES = 10

/** @returns a row for each siege: memory before, at its peak and afterwards, and what the honest client felt */
export async function besiege({ seconds }, note) {
  const rows = []
  const findings = []
  for (const tls of [false, true]) {
    await withFolder(tmpdir(), async (folder) => {
      const cluster = await ServedCluster.start(folder, { tls })
      try {
        await besiegeCluster(cluster, { tls, seconds, rows, findings, note })
      } finally {
        await cluster.end()
      }
    })
  }
  return { rows, findings }
}

async function besiegeCluster(cluster, { tls, seconds, rows, findings, note }) {
  const leader = await cluster.leader()
  const target = cluster.servers.find((server) => server !== leader)
  const others = cluster.servers.filter((server) => server !== target)
  for (let i = 0; i < LARGE_VALUES; i++) await put(leader.clients, `large ${i}`, 'x'.repeat(LARGE_BYTES))
  const honest = new HonestClient(others)
  await sleep(2000)
  const { members, term } = await standing(target)
  const quiet = honest.take()
  rows.push({ over: tls ? 'TLS' : 'TCP', siege: 'none', ...quiet, rssBeforeMiB: rssOf(target) })
  for (const [name, kinds] of [
    ['slow connections', SLOW],
    ['flood', FLOOD],
  ]) {
    note(`${name} over ${tls ? 'TLS' : 'TCP'}`)
    rows.push({ over: tls ? 'TLS' : 'TCP', siege: name, ...(await siegeOf(target, kinds, { tls, seconds, honest })) })
  }
  await honest.stop()
  const after = await standing(target)
  if (after.members !== members) findings.push(`the members were ${members} and are ${after.members}`)
  for (const { id, isUp } of cluster.servers) if (!isUp) findings.push(`${id} has ended`)
  for (const row of rows.filter(({ over }) => over === (tls ? 'TLS' : 'TCP'))) judge(row, findings)
  note(`term ${term} before, ${after.term} afterwards`)
}

async function standing(server) {
  const { configuration, term } = await statusOf(server)
  return { term, members: [...configuration.voters, ...configuration.learners].join(' ') }
}

async function siegeOf(target, kinds, { tls, seconds, honest }) {
  const siege = new Siege(target, { isTls: tls })
  const rssBeforeMiB = rssOf(target)
  honest.take()
  const enemies = Object.values(kinds).map((act) => act(siege))
  let rssPeakMiB = rssBeforeMiB
  let most = 0
  for (const until = performance.now() + seconds * 1000; performance.now() < until; ) {
    await sleep(LOOK_MS)
    rssPeakMiB = Math.max(rssPeakMiB, target.isUp ? rssOf(target) : 0)
    most = Math.max(most, siege.sockets.size)
  }
  const felt = honest.take()
  siege.end()
  await Promise.all(enemies)
  await sleep(2000)
  const rssAfterMiB = target.isUp ? rssOf(target) : 0
  const { opened: connections, letIn } = siege
  return { ...felt, connections, atOnce: most, letIn, rssBeforeMiB, rssPeakMiB, rssAfterMiB }
}

function judge({ over, siege, failures, p99Ms, letIn = 0, rssBeforeMiB, rssPeakMiB = rssBeforeMiB }, findings) {
  const say = (words) => findings.push(`${siege}, over ${over}: ${words}`)
  if (failures > 0) say(`${failures} honest requests failed`)
  if (p99Ms > MAX_P99_MS) say(`of the honest requests each hundredth took more than ${p99Ms} ms`)
  if (letIn > 0) say(`${letIn} strangers were let in`)
  if (rssPeakMiB - rssBeforeMiB > MAX_GROWTH_MIB) say(`memory grew from ${rssBeforeMiB} to ${rssPeakMiB} MiB`)
}
