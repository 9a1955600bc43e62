/**
 * What the rules look at: a file of the project with its text and, for TypeScript, its syntax tree. Rules are functions
 * from files to violations, so that each can be shown a planted one.
 */
import { parseSync } from 'vite'

/** A node of the syntax tree; what else it has depends on its type. */
export interface Node {
  readonly type: string
  readonly start: number
  readonly end: number
  readonly [field: string]: unknown
}

/** A comment, or several `//` lines one below the other; `text` is without the marks. */
export interface Comment {
  readonly isDoc: boolean
  readonly text: string
  readonly start: number
  readonly end: number
}

export interface SourceFile {
  /** From the project's root, with slashes: src/raft/log.ts. */
  readonly path: string
  readonly text: string
  readonly tree: Node
  readonly comments: readonly Comment[]
}

/** `path:line`, then what is wrong and what to do. */
export type Violation = string

/** @throws Error when the file is no TypeScript */
export function parse(path: string, text: string): SourceFile {
  const { program, comments, errors } = parseSync(path, text)
  const [first] = errors
  if (first !== undefined) throw new Error(`${path}: ${first.message}`)
  return { path, text, tree: program as unknown as Node, comments: joinLines(text, comments) }
}

interface RawComment {
  readonly type: 'Line' | 'Block'
  readonly value: string
  readonly start: number
  readonly end: number
}

function joinLines(text: string, raw: readonly RawComment[]): Comment[] {
  const comments: Comment[] = []
  let previous: RawComment | null = null
  for (const comment of raw) {
    const last = comments.at(-1)
    const follows = previous !== null && /^\r?\n[ \t]*$/.test(text.slice(previous.end, comment.start))
    if (last !== undefined && follows && previous?.type === 'Line' && comment.type === 'Line') {
      comments[comments.length - 1] = { ...last, text: `${last.text}\n${comment.value}`, end: comment.end }
    } else {
      const isDoc = comment.type === 'Block' && comment.value.startsWith('*')
      comments.push({ isDoc, text: plain(comment), start: comment.start, end: comment.end })
    }
    previous = comment
  }
  return comments
}

function plain({ type, value }: RawComment): string {
  return type === 'Line' ? value : value.replaceAll(/^[ \t]*\* ?/gm, ' ')
}

export interface Place {
  readonly node: Node
  /** Null at the root. */
  readonly parent: Node | null
}

/** Nine rules walk through eight hundred files: once is enough, and a nested generator passes each node up all levels. */
const walked = new WeakMap<Node, readonly Place[]>()

/** All nodes of a file's tree, parents first. */
export function walk(tree: Node): readonly Place[] {
  const known = walked.get(tree)
  if (known !== undefined) return known
  const places: Place[] = []
  const visit = (node: Node, parent: Node | null): void => {
    places.push({ node, parent })
    for (const value of Object.values(node)) {
      for (const child of Array.isArray(value) ? value : [value]) if (isNode(child)) visit(child, node)
    }
  }
  visit(tree, null)
  walked.set(tree, places)
  return places
}

export function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && typeof (value as Node).type === 'string' && 'start' in value
}

/** Where in the file an offset is: `src/raft/log.ts:12`. */
export function at({ path, text }: { readonly path: string; readonly text: string }, offset: number): string {
  return `${path}:${text.slice(0, offset).split('\n').length}`
}

/**
 * Tests, and the vocabularies that only tests use: what stands under no layer. `src/testing` does: it is published, for
 * the tests of users.
 */
export function isForTests(path: string): boolean {
  if (path.startsWith('test/') || path.endsWith('.test.ts')) return true
  return path.includes('/testing/') && !path.startsWith('src/testing/')
}
