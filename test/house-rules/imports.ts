/** Who may import whom, and that no ring of files comes about. */
import { posix } from 'node:path'
import { at, isForTests, isNode, type Node, type SourceFile, type Violation, walk } from './source-file.ts'

/** What a refusal says: the whole rule, so that nobody has to look it up. */
export const DIRECTION =
  'imports run one way: util ← raft ← storage, transport ← runtime ← kv, recipes ← sim ← lab; check and trace know ' +
  'util only, spec knows nothing, observe shows raft to spec, explore knows these three; io sees only ports; ' +
  'only src/start, src/index.ts, src/cli, apps and tests see io; nothing imports a face (lab, testing, cli, apps)'

/** For each folder of src, the folders that it may import besides itself. */
const ALLOWED: { readonly [folder: string]: readonly string[] } = {
  util: [],
  raft: ['util'],
  storage: ['util', 'raft'],
  transport: ['util', 'raft'],
  runtime: ['util', 'raft', 'storage', 'transport'],
  kv: ['util', 'raft', 'storage', 'transport', 'runtime'],
  recipes: ['util', 'raft', 'runtime'],
  check: ['util'],
  trace: ['util'],
  spec: [],
  observe: ['util', 'raft', 'spec'],
  explore: ['util', 'raft', 'spec', 'observe'],
  sim: ['util', 'raft', 'storage', 'transport', 'runtime', 'kv', 'check', 'trace', 'spec', 'observe'],
  lab: ['util', 'raft', 'storage', 'transport', 'runtime', 'kv', 'trace', 'sim'],
  testing: ['util', 'raft', 'storage', 'transport', 'runtime'],
  io: ['util'],
  start: ['util', 'raft', 'storage', 'transport', 'runtime', 'io'],
  cli: [
    ...[
      'util',
      'raft',
      'storage',
      'transport',
      'runtime',
      'kv',
      'check',
      'trace',
      'spec',
      'observe',
      'explore',
      'sim',
      'lab',
    ],
    ...['io', 'index.ts'],
  ],
  'index.ts': ['util', 'raft', 'storage', 'transport', 'runtime', 'kv', 'io', 'start'],
}

/** The ports that the outside world is put behind, and what their implementations are made of. */
const PORTS: ReadonlySet<string> = new Set([
  'src/util/clock.ts',
  'src/raft/entry.ts',
  'src/storage/file-system.ts',
  'src/storage/errors.ts',
  'src/transport/network.ts',
  'src/transport/transport.ts',
  'src/transport/stream-transport.ts',
  'src/transport/limits.ts',
  'src/transport/member-name.ts',
  'src/runtime/logger.ts',
])

/** What a folder may import from outside of the project: Node's modules, and the server's commands for the command line. */
const SEES_NODE: ReadonlySet<string> = new Set(['io', 'start', 'cli', 'index.ts'])
const SERVER_PACKAGE = '@quorate/server'

export interface Import {
  /** As written. */
  readonly specifier: string
  /** The file it names, from the project's root; null for a package. */
  readonly target: string | null
  readonly isTypeOnly: boolean
  readonly offset: number
}

/** Imports, re-exports and dynamic imports. */
export function importsOf(file: SourceFile): Import[] {
  const imports: Import[] = []
  for (const { node } of walk(file.tree)) {
    const source = node['source']
    if (!isNode(source) || typeof source['value'] !== 'string') continue
    const specifier = source['value']
    const isRelative = specifier.startsWith('.')
    const target = isRelative ? posix.join(posix.dirname(file.path), specifier) : null
    imports.push({ specifier, target, isTypeOnly: isTypeOnly(node), offset: node.start })
  }
  return imports
}

function isTypeOnly(node: Node): boolean {
  if (node['importKind'] === 'type' || node['exportKind'] === 'type') return true
  const specifiers = node['specifiers']
  if (!Array.isArray(specifiers) || specifiers.length === 0) return false
  return specifiers.every((one: Node) => one['importKind'] === 'type' || one['exportKind'] === 'type')
}

/** `raft` for src/raft/log.ts, `index.ts` for src/index.ts, `apps` for all of apps/. */
function folderOf(path: string): string {
  const [top = '', second = ''] = path.split('/')
  return top === 'src' ? second : top
}

/** One violation for each import that goes against the direction. */
export function checkDirection(files: readonly SourceFile[]): Violation[] {
  return files.flatMap((file) =>
    importsOf(file).flatMap((one) => {
      const reason = one.target === null ? refusePackage(file, one) : refuseFile(file, one.target)
      return reason === null ? [] : [`${at(file, one.offset)}: imports ${one.specifier}: ${reason} (${DIRECTION})`]
    }),
  )
}

function refusePackage({ path }: SourceFile, { specifier }: Import): string | null {
  if (!path.startsWith('src/') || isForTests(path)) return null
  const folder = folderOf(path)
  if (specifier.startsWith('node:')) return SEES_NODE.has(folder) ? null : `${folder} is pure, it does not see Node`
  if (folder === 'cli' && specifier === SERVER_PACKAGE) return null
  return 'the library depends on no package'
}

function refuseFile({ path }: SourceFile, target: string): string | null {
  if (isForTests(path)) return null
  const [from, to] = [folderOf(path), folderOf(target)]
  if (isForTests(target)) return 'what is for tests is imported by tests only'
  if (from === 'apps') return target.split('/')[1] === path.split('/')[1] ? null : 'an app uses the library by its name'
  if (from === to) return null
  if (from === 'io' && PORTS.has(target)) return null
  if (from === 'io') return `${target} is no port`
  return ALLOWED[from]?.includes(to) === false ? `${from} does not see ${to}` : null
}

/** One violation for each ring. With `withTypes`, imports of types alone count as well. */
export function checkRings(files: readonly SourceFile[], withTypes: boolean): Violation[] {
  const graph = new Map<string, string[]>()
  for (const file of files) {
    const counted = importsOf(file).filter((one) => withTypes || !one.isTypeOnly)
    graph.set(
      file.path,
      counted.flatMap(({ target }) => (target === null ? [] : [target])),
    )
  }
  return findRings(graph).map((ring) => `${ring.join(' → ')}: a ring of files; move what they share into a third file`)
}

/** Depth first: an import of a file that is still being visited closes a ring. */
function findRings(graph: ReadonlyMap<string, readonly string[]>): string[][] {
  const rings: string[][] = []
  const done = new Set<string>()
  const path: string[] = []
  const visit = (file: string): void => {
    if (done.has(file)) return
    const start = path.indexOf(file)
    if (start >= 0) {
      rings.push([...path.slice(start), file])
      return
    }
    path.push(file)
    for (const target of graph.get(file) ?? []) visit(target)
    path.pop()
    done.add(file)
  }
  for (const file of graph.keys()) visit(file)
  return rings
}
