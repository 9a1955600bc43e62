// The README says in one paragraph what docs/correctness.md says in full; it stands between two lines of its own.
import { paragraph, totalsOf } from './page.js'

const BEGIN = '<!-- of docs/correctness.md, by npm run report -->'
const END = '<!-- as far as here -->'

/** @throws Error when the README has no place for it */
export function withParagraph(readme, evidence, { found }) {
  const [begin, end] = [readme.indexOf(BEGIN), readme.indexOf(END)]
  if (begin < 0 || end < begin) throw new Error(`README.md has no place for the paragraph: ${BEGIN} … ${END}`)
  return `${readme.slice(0, begin + BEGIN.length)}\n${paragraph(totalsOf(evidence, found))}\n${readme.slice(end)}`
}
