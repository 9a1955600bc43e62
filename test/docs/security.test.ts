// The commands for making certificates, run as the page has them, and their outcome loaded as a server loads it.
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { loadCertificates } from '../../src/io/certificates.ts'
import { readText } from '../house-rules/tree.ts'

const { text } = readText('docs/guide/security.md')
const [, commands = ''] = /```sh\n(openssl .*?)```/s.exec(text) ?? []
const hasOpenssl = spawnSync('openssl', ['version']).status === 0 && spawnSync('bash', ['--version']).status === 0

const folder = mkdtempSync(join(tmpdir(), 'quorate-security-'))
afterAll(() => rmSync(folder, { recursive: true }))

describe("the security page's commands", () => {
  test('are there', () => {
    expect(commands).toContain('subjectAltName = URI:quorate://shop/$id')
  })

  test.runIf(hasOpenssl)('make certificates that each server takes for its own, and for no other', async () => {
    const script = join(folder, 'make.sh')
    writeFileSync(script, `set -euo pipefail\n${commands}`)
    execFileSync('bash', [script], { cwd: folder, stdio: 'pipe' })
    const filesOf = (id: string) => ({
      caFile: join(folder, 'authority.pem'),
      certificateFile: join(folder, `${id}.pem`),
      keyFile: join(folder, `${id}.key`),
    })
    for (const id of ['a', 'b', 'c']) {
      const { validUntilMs } = await loadCertificates(filesOf(id), `quorate://shop/${id}`)
      expect((validUntilMs - Date.now()) / 86_400_000).toBeCloseTo(90, 0)
    }
    await expect(loadCertificates(filesOf('a'), 'quorate://shop/b')).rejects.toThrow('names quorate://shop/a')
  })
})
