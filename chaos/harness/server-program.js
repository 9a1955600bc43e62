// A server of the cluster: `quorate serve` as it is, which besides does what only an operator inside of the process can:
// changes of the membership, and handing over.
import { serve } from '../../apps/server/dist/serve.js'

const status = await serve(process.argv.slice(2), ({ node }) => {
  process.on('message', ({ number, change, transferTo }) => {
    const done = change === undefined ? node.transferLeadership(transferTo) : node.change(change)
    done.then(
      () => answer({ number }),
      ({ code, message }) => answer({ number, code, message }),
    )
  })
})
// As the command line does: standard input and the channel would keep it alive.
process.stdout.write('', () => process.exit(status))

function answer(message) {
  if (process.connected) process.send(message)
}
