/** Certificates for the servers of a test's cluster: in files, as an operator would have them. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Authority } from '../../src/io/testing/certificates.ts'
import { type Cluster, IDS } from './cluster.ts'

/** The cluster's name in its configuration. */
const CLUSTER = 'test'

/** Has the servers speak TLS from their next start on, each with a certificate of this authority. */
export function withTls(cluster: Cluster, authority: Authority = new Authority('ours')): void {
  for (const id of IDS) {
    writeCertificates(cluster, id, authority)
    const { caFile: peerCa, certificateFile: peerCertificate, keyFile: peerKey } = filesOf(cluster, id)
    cluster.reconfigure(id, { peerCa, peerCertificate, peerKey })
  }
}

/** Puts other certificates where the server looks for its own. It looks when it is told to. */
export function writeCertificates(
  cluster: Cluster,
  id: string,
  authority: Authority,
  ca: string = authority.pem,
): void {
  const files = filesOf(cluster, id)
  const { certificate, key } = authority.member(`quorate://${CLUSTER}/${id}`)
  writeFileSync(files.caFile, ca)
  writeFileSync(files.certificateFile, certificate)
  writeFileSync(files.keyFile, key)
}

export function filesOf(cluster: Cluster, id: string) {
  const path = (name: string): string => join(cluster.folder, `${id}-${name}.pem`)
  return { caFile: path('ca'), certificateFile: path('certificate'), keyFile: path('key') }
}
