// The run itself, inside of what run.js has prepared for it. Its only argument is what run.js decided, in JSON.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Random } from '../dist/util/random.js'
import { Campaign } from './harness/campaign.js'
import { Cluster } from './harness/cluster.js'
import { NamespaceNetwork } from './harness/namespaces.js'
import { ProxyNetwork } from './harness/proxy.js'

const { options, kinds, folder, library, ownDisks } = JSON.parse(process.argv[2])
const network = options.network === 'namespaces' ? new NamespaceNetwork() : new ProxyNetwork(new Random(options.seed))
const cluster = new Cluster({ folder, network, library, ownDisks })
const campaign = new Campaign({ cluster, options, kinds, folder, say: (line) => console.log(line) })

// However this ends: where there is no namespace that ends the servers with it, they end here.
process.on('exit', () => {
  for (const server of cluster.everyone) server.signal('SIGKILL')
})
// What was found until then is said. The end of standard input is how run.js asks, or how its own end shows.
const interrupt = () => {
  if (campaign.phases.length > 0) writeSummary()
  process.exit(130)
}
process.on('SIGINT', interrupt)
process.on('SIGTERM', interrupt)
process.stdin.on('end', interrupt).resume()

const problem = await cluster.start(options.servers)
if (problem !== null) throw new Error(problem)
await campaign.run()
writeSummary()
await cluster.end()
process.exit(0)

function writeSummary() {
  writeFileSync(join(folder, 'summary.json'), JSON.stringify(campaign.summary()))
}
