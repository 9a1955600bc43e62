// The server's page: its commands are given and its requests are sent, as they stand there, to a cluster on other ports.
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { readText } from '../house-rules/tree.ts'

const QUORATE = fileURLToPath(new URL('../../bin/quorate.js', import.meta.url))
const { text: page } = readText('docs/guide/server.md')
const PEER_PORT = 7481
const CLIENT_PORT = 7491
const folder = mkdtempSync(join(tmpdir(), 'quorate-page-'))
let cluster: ChildProcess

beforeAll(async () => {
  const ports = ['--port', `${PEER_PORT}`, '--client-port', `${CLIENT_PORT}`]
  cluster = spawn(process.execPath, [QUORATE, 'cluster', ...ports, '--data', folder], { stdio: 'pipe' })
  await new Promise<void>((resolve) => {
    cluster.stdout?.on('data', (piece: Buffer) => piece.toString().includes('leads (term') && resolve())
  })
}, 30_000)

afterAll(async () => {
  cluster.kill('SIGINT')
  await new Promise((resolve) => cluster.once('exit', resolve))
  rmSync(folder, { recursive: true })
})

/** The lines of a block that begin like this. */
function linesOf(start: string): string[] {
  return page.split('\n').filter((line) => line.startsWith(start))
}

function run(command: string): Promise<string> {
  const [, ...args] = command.replace('npx ', '').split(' ')
  const more = ['--endpoints', `127.0.0.1:${CLIENT_PORT}`]
  return new Promise((resolve) =>
    execFile(process.execPath, [QUORATE, ...args, ...more], (_error, stdout) => resolve(stdout)),
  )
}

test('its commands do what they say', async () => {
  const commands = linesOf('npx quorate ')
  expect(commands).toHaveLength(5)
  const printed: string[] = []
  for (const command of commands) printed.push(await run(command))
  expect(printed.slice(0, 2)).toEqual(['ok\n', 'hello\n'])
  expect(printed[2]).toContain('hello')
  expect(printed[4]).toMatch(/a is (leader|follower) in term 1/)
})

test('its requests are answered as it shows', async () => {
  const answers: string[] = []
  for (const line of linesOf('curl ')) {
    const [, url = '', body] = /^curl (\S+)(?: -d '(.*)')?$/.exec(line) ?? []
    const target = url.replace(':2379', `:${CLIENT_PORT}`)
    // What curl says of a body, unless it is told.
    const headers = { 'content-type': 'application/x-www-form-urlencoded' }
    const response = await fetch(target, body === undefined ? {} : { method: 'POST', body, headers })
    expect([line, response.status]).toEqual([line, 200])
    answers.push(await response.text())
  }
  const shown = JSON.parse(/```json\n(\{"header"[\s\S]*?)```/.exec(page)?.[1] ?? '') as { kvs: object[] }
  const found = JSON.parse(answers[1] ?? '') as { header: object; kvs: object[]; count: string }
  expect(Object.keys(found.header)).toEqual(Object.keys((shown as unknown as typeof found).header))
  expect(found.kvs.map((pair) => Object.keys(pair))).toEqual(shown.kvs.map((pair) => Object.keys(pair)))
  expect(found).toMatchObject({ count: '1', kvs: [{ key: 'Zm9v', value: 'YmFy', version: '1' }] })
})

test('its configuration file is one', async () => {
  const [, json = ''] = /```json\n(\{\n {2}"id"[\s\S]*?)```/.exec(page) ?? []
  const file = join(folder, 'a.json')
  // As it stands, but for where the data lie: an address that is not this machine's is what it stops at.
  const here = { ...JSON.parse(json), data: join(folder, 'x'), listen: '192.0.2.1:7001' }
  writeFileSync(file, JSON.stringify(here))
  const errors = await new Promise<string>((resolve) =>
    execFile(process.execPath, [QUORATE, 'serve', '--config', file], (_error, _stdout, stderr) => resolve(stderr)),
  )
  expect(errors).toContain('cannot listen at 192.0.2.1:7001')
})
