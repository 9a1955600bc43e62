import { expect, test } from 'vitest'
import { runScript } from './script.ts'

test('what happened stands below the commands, in place of what was recorded', () => {
  const script = '# One server.\nservers 1\nelect s1\n----\nsomething else\n'
  expect(runScript(script)).toBe(
    '# One server.\nservers 1\nelect s1\n----\ns1 becomes candidate term=1\ns1 becomes leader term=1\n',
  )
})

test('a script that was recorded comes out as it went in', () => {
  const once = runScript('servers 3\ncampaign s1\n\nsettle\n\n# The end.\nstatus\n')
  expect(runScript(once)).toBe(once)
})

test('quiet leaves out everything but news, and says ok when there is none', () => {
  expect(runScript('servers 3\nquiet propose s1 x\n\nquiet settle')).toContain('quiet settle\n----\nok\n')
})

test.each([
  ['servers 1\nfly s1', 'no verb fly'],
  ['campaign s1', 'there are no servers yet'],
  ['servers 1\ncampaign s7', 'there is no server s7: this cluster has s1'],
  ['servers 1\ncrash s1\ncampaign s1', 's1 is down: restart it first'],
  ['servers 1\nlog s1 one', '"one" is no entry'],
  ['servers 1\nlog s1 1c', 'no configuration is named c'],
])('a mistake is named: %s', (script, message) => expect(() => runScript(script)).toThrow(message))
