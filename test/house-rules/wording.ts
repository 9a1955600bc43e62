/** What comments and texts must not say, and what exports must. */
import { parseSync } from 'vite'
import {
  at,
  type Comment,
  isForTests,
  isNode,
  type Node,
  type SourceFile,
  type Violation,
  walk,
} from './source-file.ts'

/** A text with a name: a source file, a page, a configuration. */
export interface TextFile {
  readonly path: string
  readonly text: string
}

/** A section is the Paper's or the Thesis's, and the sentence says whose. */
export function checkCitations(files: readonly SourceFile[]): Violation[] {
  return files.flatMap((file) =>
    file.comments
      .filter(({ text }) => hasBareCitation(text))
      .map(({ start, text }) => {
        const quote = text.match(/.{0,30}§.{0,8}/)?.[0].trim()
        return `${at(file, start)}: "${quote}": name the source, as in "Paper §5.3" or "Thesis §6.4"`
      }),
  )
}

/** Looks at each sentence: sources are inherited within one, `Paper §5.2, §5.4.1`, and not from the one before. */
export function hasBareCitation(text: string): boolean {
  const sentences = text.replaceAll(/\s+/g, ' ').split(/(?<=[.!?:]) (?=[A-Z"(])/)
  return sentences.some((sentence) => {
    const section = sentence.indexOf('§')
    return section >= 0 && !/\b(Paper|Thesis)\b/.test(sentence.slice(0, section))
  })
}

const UNFINISHED = /\b(TODO|FIXME|XXX|HACK)\b/
const SILENCED = /@ts-(ignore|nocheck)|(eslint|oxlint)-disable|biome-ignore(?!-?\w* [\w/]+: \S)/

export function checkUnfinished(files: readonly SourceFile[]): Violation[] {
  return files.flatMap((file) =>
    file.comments.flatMap(({ text, start }) => {
      const found = UNFINISHED.exec(text) ?? SILENCED.exec(text)
      return found === null ? [] : [`${at(file, start)}: ${found[0]}: finish it, or leave it out`]
    }),
  )
}

/** A line that looks like a statement. Whether it is one, the parser says. */
const LOOKS_LIKE_CODE =
  /^\s*(import|export|const|let|return|throw|await|if \(|for \(|while \(|\}|[\w.]+\(.*\);?$|[\w.]+ [-+*/]?= [^.]+$)/

export function checkCommentedCode(files: readonly SourceFile[]): Violation[] {
  return files.flatMap((file) =>
    file.comments.filter(isCommentedCode).map(({ start }) => `${at(file, start)}: code in a comment: delete it`),
  )
}

function isCommentedCode({ isDoc, text }: Comment): boolean {
  if (isDoc) return false
  return text.split('\n').some((line) => LOOKS_LIKE_CODE.test(line) && parses(line))
}

function parses(line: string): boolean {
  const { errors } = parseSync('line.ts', `async function f() { ${line.replace(/\{\s*$/, '{}')} }`)
  return errors.length === 0
}

/** `any` and `!` switch the compiler off at that place. */
export function checkTypeHoles(files: readonly SourceFile[]): Violation[] {
  return files.flatMap((file) =>
    walk(file.tree).flatMap(({ node }) => {
      if (node.type === 'TSAnyKeyword') return [`${at(file, node.start)}: any: use unknown, or the type it has`]
      if (node.type === 'TSNonNullExpression')
        return [`${at(file, node.end)}: "!": check it, or assert why it cannot be`]
      return []
    }),
  )
}

const DOCUMENTED: ReadonlySet<string> = new Set(['FunctionDeclaration', 'ClassDeclaration', 'TSInterfaceDeclaration'])

interface Export {
  readonly name: string
  readonly statement: Node
  readonly declaration: Node
}

/**
 * Whoever calls something reads its comment, not its body. Nobody has to say a thing twice, though: the comment may be
 * the file's header (log.ts is about RaftLog), the other half's (decodeEntry's for encodeEntry), or an interface's
 * fields may have one each.
 */
export function checkDocComments(files: readonly SourceFile[]): Violation[] {
  return files
    .filter(({ path }) => path.startsWith('src/') && !isForTests(path))
    .flatMap((file) =>
      undocumented(file).map(({ name, statement }) => `${at(file, statement.start)}: ${name} has no doc comment`),
    )
}

function undocumented(file: SourceFile): Export[] {
  const all = exportsOf(file)
  const isSaid = ({ name, statement, declaration }: Export): boolean =>
    hasDoc(file, statement) || isNamesake(file, name) || membersOf(declaration).every((member) => hasDoc(file, member))
  const said = new Set(all.filter(isSaid).map(({ name }) => name))
  return all.filter(({ name }) => !said.has(name) && !halvesOf(name).some((half) => said.has(half)))
}

function exportsOf({ tree }: SourceFile): Export[] {
  return (tree['body'] as readonly Node[]).flatMap((statement) => {
    const declaration = statement['declaration']
    if (!statement.type.startsWith('Export') || !isNode(declaration) || !DOCUMENTED.has(declaration.type)) return []
    return [{ name: nameOf(declaration['id']), statement, declaration }]
  })
}

function hasDoc({ comments, text }: SourceFile, { start }: Node): boolean {
  return comments.some(({ isDoc, end }) => isDoc && end <= start && text.slice(end, start).trim() === '')
}

function isNamesake({ path, comments }: SourceFile, name: string): boolean {
  const stem = path.replace(/^.*\//, '').replace(/\.ts$/, '').replaceAll('-', '')
  return comments[0]?.start === 0 && name.toLowerCase().endsWith(stem)
}

/** An interface's fields and methods; of anything else itself, which has no comment if we come to ask. */
function membersOf(declaration: Node): readonly Node[] {
  if (declaration.type !== 'TSInterfaceDeclaration' || !isNode(declaration['body'])) return [declaration]
  const members = declaration['body']['body'] as readonly Node[]
  return members.length === 0 ? [declaration] : members
}

const HALVES: readonly (readonly [RegExp, string])[] = [
  [/^encode/, 'decode'],
  [/^decode/, 'encode'],
  [/^write/, 'read'],
  [/^read/, 'write'],
  [/Reply$/, ''],
]

function halvesOf(name: string): string[] {
  return HALVES.filter(([half]) => half.test(name)).map(([half, other]) => name.replace(half, other))
}

/** Folders that exist on one machine only. A user's own, such as /var/lib/quorate, may be an example. */
const WORKPLACE = /(?<![\w.~*-])\/(work|workspace|home|root|Users|mnt)\/[\w.-]+|(?<![\w.])file:\/\/\/\w/
const SCRATCH = /(?<![\w.])\/tmp\/[\w.-]+/
const REGISTRY = /https?:\/\/[\w.-]*(registry|artifactory|nexus|npm)[\w.-]*(:\d+)?\//g
const PUBLIC_REGISTRIES = /^https:\/\/(registry\.npmjs\.org|www\.npmjs\.com|docs\.npmjs\.com)\/$/

/** No word of the place where it was written. */
export function checkWorkplace(files: readonly TextFile[]): Violation[] {
  return files.flatMap(({ path, text }) => {
    const found = [WORKPLACE.exec(text)?.[0], isForTests(path) ? undefined : SCRATCH.exec(text)?.[0]]
    const hosts = text.match(REGISTRY)?.filter((host) => !PUBLIC_REGISTRIES.test(host)) ?? []
    return [...found, ...hosts].flatMap((word) =>
      word === undefined ? [] : [`${at({ path, text }, text.indexOf(word))}: ${word} is of one machine's`],
    )
  })
}

/** `runIf` is left: it says what a machine must have for the test, such as the right to mount. */
const SWITCHED_OFF = /^(skip|only|todo|skipIf|fails)$/

/** A test that does not run, or runs until it passes, is none. */
export function checkSwitchedOffTests(files: readonly SourceFile[]): Violation[] {
  return files
    .filter(({ path }) => isForTests(path))
    .flatMap((file) =>
      walk(file.tree).flatMap(({ node, parent }) => {
        const isOff = node.type === 'MemberExpression' && /^(test|it|describe)$/.test(nameOf(node['object']))
        if (isOff && SWITCHED_OFF.test(nameOf(node['property'])))
          return [`${at(file, node.start)}: a test that is switched off: mend it, or delete it`]
        const isRetry =
          node.type === 'Property' && nameOf(node['key']) === 'retry' && parent?.type === 'ObjectExpression'
        return isRetry ? [`${at(file, node.start)}: a test that is tried again: find out why it fails`] : []
      }),
    )
}

function nameOf(node: unknown): string {
  return isNode(node) && typeof node['name'] === 'string' ? node['name'] : ''
}
