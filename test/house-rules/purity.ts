/** What pure code must not use, although a compiler without Node's types lets some of it pass. */
import { at, isNode, type Node, type SourceFile, type Violation, walk } from './source-file.ts'

export const PURE_FOLDERS: readonly string[] = [
  'util',
  'raft',
  'storage',
  'transport',
  'runtime',
  'kv',
  'recipes',
  'check',
  'trace',
  'explore',
  'sim',
  'lab',
  'testing',
]

/** The page of a trace runs in a browser, and nothing else imports it. */
const BROWSER = 'src/trace/page/'

/** By name, each with what to use instead. */
const BANNED_NAMES: ReadonlyMap<string, string> = new Map([
  ['Date', 'take the time from a Clock'],
  ['performance', 'take the time from a Clock'],
  ['setTimeout', 'schedule on a Clock'],
  ['setInterval', 'schedule on a Clock'],
  ['setImmediate', 'schedule on a Clock'],
  ['clearTimeout', 'schedule on a Clock'],
  ['queueMicrotask', 'schedule on a Clock'],
  ['Buffer', 'bytes are Uint8Array; see util/bytes.ts'],
  ['TextEncoder', 'use utf8Encode of util/bytes.ts'],
  ['TextDecoder', 'use utf8Decode of util/bytes.ts'],
  ['process', 'the host is behind a port'],
  ['console', 'report through a Logger or an event'],
  ['globalThis', 'the host is behind a port'],
  ['crypto', 'take a Random'],
  ['WeakRef', 'when memory is collected is not ours to say'],
  ['FinalizationRegistry', 'when memory is collected is not ours to say'],
  ['Intl', 'a locale differs from host to host'],
])

/** `Math.random` and the like. */
const BANNED_MEMBERS: ReadonlyMap<string, string> = new Map([
  ['Math.random', 'take a Random, so that a seed repeats the run'],
  ['localeCompare', 'a locale differs from host to host; compare with < and >'],
  ['toLocaleString', 'a locale differs from host to host'],
])

/** A name that only labels something: a property, a method, a field. */
function isLabel(node: Node, parent: Node | null): boolean {
  if (parent === null || parent['computed'] === true) return false
  return parent['property'] === node || (parent['key'] === node && parent['shorthand'] !== true)
}

export function checkPurity(files: readonly SourceFile[]): Violation[] {
  return files.filter(({ path }) => isPure(path)).flatMap(checkFile)
}

export function isPure(path: string): boolean {
  if (path.endsWith('.test.ts') || path.startsWith(BROWSER)) return false
  return PURE_FOLDERS.some((folder) => path.startsWith(`src/${folder}/`))
}

function checkFile(file: SourceFile): Violation[] {
  const violations: Violation[] = []
  for (const { node, parent } of walk(file.tree)) {
    const [name, advice] = bannedIn(node, parent) ?? []
    if (name !== undefined) violations.push(`${at(file, node.start)}: ${name} in a pure folder: ${advice}`)
  }
  return violations
}

function bannedIn(node: Node, parent: Node | null): readonly [string, string] | null {
  if (node.type === 'Identifier' && !isLabel(node, parent)) return lookUp(BANNED_NAMES, String(node['name']))
  if (node.type !== 'MemberExpression' || !isNode(node['property'])) return null
  const property = String(node['property']['name'])
  const object = isNode(node['object']) ? String(node['object']['name']) : ''
  return lookUp(BANNED_MEMBERS, `${object}.${property}`) ?? lookUp(BANNED_MEMBERS, property)
}

function lookUp(banned: ReadonlyMap<string, string>, name: string): readonly [string, string] | null {
  const advice = banned.get(name)
  return advice === undefined ? null : [name, advice]
}
