import { X509Certificate } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { namesIn } from './certificate-names.ts'
import { type Certificates, loadCertificates } from './certificates.ts'
import { Authority } from './testing/certificates.ts'

const NAME = 'quorate://shop/a'
const ours = new Authority('ours')
const good = ours.member(NAME)

describe('certificates are taken', () => {
  test('from texts, and tell until when they are valid', async () => {
    const { validUntilMs } = await loadCertificates(() => good, NAME)
    expect((validUntilMs - Date.now()) / 86_400_000).toBeCloseTo(30, 2)
  })

  test('from files', async () => {
    const files = write(good)
    await expect(loadCertificates(files, NAME)).resolves.toBeDefined()
  })

  test('with those between them and the authority', async () => {
    const lower = ours.intermediate('lower')
    const { certificate, key } = lower.issue({ names: [NAME] })
    const chain = { ca: ours.pem, certificate: certificate + lower.pem, key }
    await expect(loadCertificates(() => chain, NAME)).resolves.toBeDefined()
    await expect(loadCertificates(() => ({ ...chain, certificate }), NAME)).rejects.toThrow('was not issued by')
  })

  test('while the old authority and the new one are both believed', async () => {
    const bundle = `${new Authority('next').pem}${ours.pem}`
    await expect(loadCertificates(() => ({ ...good, ca: bundle }), NAME)).resolves.toBeDefined()
  })

  test('that name other members too', async () => {
    const many = ours.member(NAME, { names: ['quorate://shop/b', NAME] })
    await expect(loadCertificates(() => many, NAME)).resolves.toBeDefined()
  })
})

describe('certificates are refused before anything is opened', () => {
  const other = ours.issue({ names: [NAME] })
  test.each<[string, Partial<Certificates>, string | RegExp]>([
    ['without an authority', { ca: '' }, 'ca holds no certificate in PEM form (-----BEGIN CERTIFICATE-----)'],
    ['that are no PEM', { certificate: 'hello' }, 'certificate holds no certificate in PEM form'],
    [
      'that are damaged',
      { certificate: good.certificate.replace(/\n.{9}/, '\nAAAAAAAAA') },
      /^certificate 1 in certificate/,
    ],
    ['with a key that is none', { key: good.certificate }, 'key holds no private key in PEM form'],
    ['with an encrypted key', { key: '-----BEGIN ENCRYPTED PRIVATE KEY-----' }, 'key is encrypted: store it without'],
    ['with another key', { key: other.key }, 'key is not the key of certificate: take the two that were made together'],
    [
      'that have expired',
      ours.member(NAME, { validFromDays: -9, validToDays: -1 }),
      /^certificate expired on .*: renew/,
    ],
    [
      'of tomorrow',
      ours.member(NAME, { validFromDays: 1 }),
      /^certificate is not valid before .* this machine's clock$/,
    ],
    ['for servers only', ours.member(NAME, { uses: ['serverAuth'] }), 'must allow both serverAuth and clientAuth'],
    ['of another authority', { ca: new Authority('ours').pem }, 'certificate was not issued by any authority in ca'],
    [
      'of another member',
      ours.member('quorate://shop/b'),
      `certificate names quorate://shop/b, and should name this server: subjectAltName = URI:${NAME}`,
    ],
    ['whose common name alone is right', ours.member('http://x/', { commonName: NAME }), 'certificate names no member'],
    ['whose host name alone is right', ours.member('http://x/', { hosts: [NAME, 'a'] }), 'certificate names no member'],
  ])('%s', async (_title, change, words) => {
    const loading = loadCertificates(() => ({ ...good, ...change }), NAME)
    await expect(loading).rejects.toMatchObject({ code: 'ERR_QUORATE_CERTIFICATE_INVALID' })
    await expect(loading).rejects.toThrow(words)
  })

  test('and the error names the file', async () => {
    const files = write({ ...good, key: other.key })
    await expect(loadCertificates(files, NAME)).rejects.toThrow(
      `keyFile ${files.keyFile} is not the key of certificateFile`,
    )
    await expect(loadCertificates({ ...files, caFile: '/nowhere/ca' }, NAME)).rejects.toThrow(
      'caFile /nowhere/ca cannot be read: ENOENT',
    )
  })
})

describe('the names in a certificate', () => {
  const namesOf = (names: string[], hosts: string[] = []): string[] =>
    namesIn(new X509Certificate(ours.issue({ names, hosts }).certificate))

  test('are its URIs with our scheme', () => {
    expect(namesOf(['quorate://shop/a', 'https://shop/a', 'quorate://shop/b'], ['a.shop'])).toEqual([
      'quorate://shop/a',
      'quorate://shop/b',
    ])
  })

  test('cannot be smuggled into another name', () => {
    expect(namesOf(['https://x/, URI:quorate://shop/a'])).toEqual([])
    expect(namesOf(['https://x/", URI:quorate://shop/a, DNS:"'])).toEqual([])
    expect(namesOf([], ['x, URI:quorate://shop/a'])).toEqual([])
    expect(namesOf(['quorate://shop/a, URI:quorate://shop/b'])).toEqual([])
  })

  test('are none when the list is not understood', () => {
    expect(namesIn({ subjectAltName: 'URI:quorate://shop/a, URI:"quorate://shop/b' })).toEqual([])
    expect(namesIn({ subjectAltName: undefined })).toEqual([])
  })
})

const folder = mkdtempSync(join(tmpdir(), 'quorate-certificates-'))
afterAll(() => rmSync(folder, { recursive: true }))

function write({ ca, certificate, key }: Certificates) {
  const files = { caFile: join(folder, 'ca'), certificateFile: join(folder, 'crt'), keyFile: join(folder, 'key') }
  writeFileSync(files.caFile, ca)
  writeFileSync(files.certificateFile, certificate)
  writeFileSync(files.keyFile, key)
  return files
}
