/** How long files and functions are. Short ones are the promise; a long one says why in its header or doc comment. */
import { at, isForTests, isNode, type Node, type SourceFile, type Violation, walk } from './source-file.ts'

export const MAX_FILE_LINES = 450
export const MAX_FUNCTION_LINES = 60
/** With these words a file or a function explains itself: `Long because every message is one case of one switch.` */
export const EXCUSE = 'Long because'

const FUNCTIONS: ReadonlySet<string> = new Set(['FunctionDeclaration', 'FunctionExpression', 'ArrowFunctionExpression'])

export interface Measured {
  readonly place: string
  readonly lines: number
  readonly isExcused: boolean
}

export function linesOf(text: string): number {
  return text.trimEnd().split('\n').length
}

export function measureFile(file: SourceFile): Measured {
  const isExcused = file.comments[0]?.text.includes(EXCUSE) ?? false
  return { place: file.path, lines: linesOf(file.text), isExcused }
}

/** Functions with a body of their own; one-line arrows are an expression rather than a function to be read. */
export function measureFunctions(file: SourceFile): Measured[] {
  const measured: Measured[] = []
  for (const { node, parent } of walk(file.tree)) {
    if (!FUNCTIONS.has(node.type) || !isNode(node['body']) || node['body'].type !== 'BlockStatement') continue
    const statement = parent !== null && (parent.type === 'MethodDefinition' || 'declaration' in parent) ? parent : node
    measured.push({
      place: at(file, node.start),
      lines: linesOf(file.text.slice(statement.start, node.end)),
      isExcused: docBefore(file, statement)?.includes(EXCUSE) ?? false,
    })
  }
  return measured
}

function docBefore(file: SourceFile, node: Node): string | null {
  const doc = file.comments.find(({ end }) => end <= node.start && file.text.slice(end, node.start).trim() === '')
  return doc?.text ?? null
}

export function checkFileSizes(files: readonly SourceFile[]): Violation[] {
  return files
    .map(measureFile)
    .filter(({ lines, isExcused }) => lines > MAX_FILE_LINES && !isExcused)
    .map(({ place, lines }) => `${place}: ${lines} lines, more than ${MAX_FILE_LINES}: split it, or say "${EXCUSE} …"`)
}

/** Only of the library and the apps: a test's `describe` is a chapter, not a function. */
export function checkFunctionSizes(files: readonly SourceFile[]): Violation[] {
  return files
    .filter(({ path }) => !isForTests(path))
    .flatMap(measureFunctions)
    .filter(({ lines, isExcused }) => lines > MAX_FUNCTION_LINES && !isExcused)
    .map(({ place, lines }) => `${place}: a function of ${lines} lines, more than ${MAX_FUNCTION_LINES}: split it`)
}

export function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? 0
}
