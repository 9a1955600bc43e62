/** Ports stay small: whoever puts something of his own behind one has few methods to write, and reads at each what it must do. */
import { at, isNode, type Node, type SourceFile, type Violation, walk } from './source-file.ts'

/** Where each port is; a port that has moved or was renamed is a violation, so that the rule keeps seeing it. */
export const PORTS: { readonly [port: string]: string } = {
  LogStore: 'src/storage/log-store.ts',
  SnapshotStore: 'src/storage/snapshot-store.ts',
  Transport: 'src/transport/transport.ts',
  StateMachine: 'src/runtime/state-machine.ts',
  Clock: 'src/util/clock.ts',
}

export const MAX_METHODS = 6

/** One violation for a port with too many methods, and one for each method whose contract is not above it. */
export function checkPorts(files: readonly SourceFile[]): Violation[] {
  return Object.entries(PORTS).flatMap(([port, path]) => {
    const file = files.find((one) => one.path === path)
    const members = file === undefined ? null : membersOf(file, port)
    if (file === undefined || members === null)
      return [`${path}: there is no interface ${port}: tell the rule of ports`]
    const undocumented = members.filter((member) => !hasContract(file, member))
    return [
      ...undocumented.map(
        (member) => `${at(file, member.start)}: a method of ${port} without a contract: say what it must do`,
      ),
      ...(members.length > MAX_METHODS
        ? [`${path}: ${port} has ${members.length} methods, more than ${MAX_METHODS}: make them fewer, or two ports`]
        : []),
    ]
  })
}

function membersOf(file: SourceFile, port: string): Node[] | null {
  for (const { node } of walk(file.tree)) {
    if (node.type !== 'TSInterfaceDeclaration' || !isNode(node['id']) || node['id']['name'] !== port) continue
    const body = isNode(node['body']) ? node['body']['body'] : null
    return Array.isArray(body) ? body.filter(isNode) : null
  }
  return null
}

function hasContract({ comments, text }: SourceFile, member: Node): boolean {
  return comments.some(({ isDoc, end }) => isDoc && end <= member.start && text.slice(end, member.start).trim() === '')
}
