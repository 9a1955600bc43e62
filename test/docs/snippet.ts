/**
 * Snippets: fenced blocks of a page that are marked as runnable, and what they print.
 *
 * ````
 * ```ts run
 * console.log(1 + 1)
 * ```
 *
 * ```text output
 * 2
 * ```
 * ````
 * The block of output is the one that comes next, if it comes before the next snippet. A line `…` in it stands for any
 * lines, and `…` within a line for anything: times differ from run to run.
 *
 * A block that begins with ` ```js file server.js ` is a file by that name, which the snippets behind it on the page find
 * in their folder.
 */
export interface Snippet {
  /** `README.md:42`, the line of its opening fence. */
  readonly place: string
  readonly language: 'ts' | 'js' | 'sh'
  readonly code: string
  /** What lies in its folder before it runs, by name. */
  readonly files: { readonly [name: string]: string }
  /** What it must print; null when the page does not say. */
  readonly output: string | null
}

const FENCE = /^```(\w+) (run|output|file ([\w.-]+))\n([\s\S]*?)^```$/gm

/** The runnable snippets of a page, in order. */
export function snippetsOf(path: string, text: string): Snippet[] {
  const snippets: Snippet[] = []
  let files: Snippet['files'] = {}
  for (const { index, 1: language = '', 2: mark, 3: name, 4: code = '' } of text.matchAll(FENCE)) {
    const place = `${path}:${text.slice(0, index).split('\n').length}`
    const last = snippets.at(-1)
    if (name !== undefined) files = { ...files, [name]: code }
    else if (mark === 'run') snippets.push({ place, language: languageOf(language, place), code, files, output: null })
    else if (last === undefined || last.output !== null) throw new Error(`${place}: this output belongs to no snippet`)
    else snippets[snippets.length - 1] = { ...last, output: code }
  }
  return snippets
}

function languageOf(word: string, place: string): Snippet['language'] {
  if (word === 'ts' || word === 'js' || word === 'sh') return word
  throw new Error(`${place}: ${word} cannot be run: mark only ts, js and sh`)
}

/** Whether this is what the page says is printed. */
export function matchesOutput(printed: string, expected: string): boolean {
  const pattern = expected
    .trimEnd()
    .split('\n')
    .map((line) => (line.trim() === '…' ? '(.*\n)*?.*' : line.trimEnd().split('…').map(literal).join('.*')))
    .join('\n')
  const text = printed
    .trimEnd()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n')
  return new RegExp(`^${pattern}$`).test(text)
}

function literal(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&')
}
