// Three processes that speak TLS with each other, and an operator who replaces their certificates.
import { writeFileSync } from 'node:fs'
import { afterEach, describe, expect, test } from 'vitest'
import { Authority } from '../../src/io/testing/certificates.ts'
import { Cluster, IDS } from './cluster.ts'
import { filesOf, withTls, writeCertificates } from './peer-tls.ts'
import { killAll } from './server-process.ts'
import { Workload } from './workload.ts'

afterEach(killAll)

describe('servers with certificates', () => {
  test('get new ones of a new authority under load, and lose nothing', async () => {
    const [first, next] = [new Authority('first'), new Authority('next')]
    const cluster = await Cluster.configure()
    withTls(cluster, first)
    await cluster.startAll()
    const workload = new Workload(cluster, 2, 1)
    const both = first.pem + next.pem
    for (const [authority, ca] of [
      [first, both],
      [next, both],
      [next, next.pem],
    ] as const) {
      for (const id of IDS) {
        writeCertificates(cluster, id, authority, ca)
        await reload(cluster, id)
      }
      await workload.progress(20)
    }
    // Back from a restart it has nothing but the new ones, and so have those whom it dials.
    await cluster.stop('a')
    await cluster.start('a')
    await workload.progress(20)
    await workload.stop()
    expect(await workload.check('a')).toEqual([])
  }, 60_000)

  test('keep the old ones when the new ones are not good, and say so', async () => {
    const cluster = await Cluster.configure()
    withTls(cluster)
    await cluster.startAll()
    writeFileSync(filesOf(cluster, 'a').keyFile, 'no key')
    cluster.processOf('a').signal('SIGHUP')
    await cluster
      .processOf('a')
      .until('the complaint', () => cluster.processOf('a').stderr.includes('the old ones stay'))
    expect((await cluster.put('a', 'key', 'value')).status).toBe(200)
  }, 60_000)

  test('do not start with those of another member', async () => {
    const cluster = await Cluster.configure()
    withTls(cluster)
    const { certificateFile: peerCertificate, keyFile: peerKey } = filesOf(cluster, 'b')
    cluster.reconfigure('a', { peerCertificate, peerKey })
    const server = cluster.launch('a')
    expect((await server.ended).status).toBe(1)
    expect(server.events.at(-1)).toMatchObject({ event: 'failed', code: 'ERR_QUORATE_CERTIFICATE_INVALID' })
    expect(server.stderr).toContain('should name this server: subjectAltName = URI:quorate://test/a')
  }, 60_000)
})

/** SIGHUP, until the server's log says that it has read them. */
async function reload(cluster: Cluster, id: string): Promise<void> {
  const server = cluster.processOf(id)
  const count = (): number => server.stderr.split('certificates reloaded').length
  const before = count()
  server.signal('SIGHUP')
  await server.until('the reload', () => count() > before)
}
