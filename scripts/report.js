// docs/correctness.md, and the README's paragraph of it, from evidence/*.json.
//
//   npm run report                          writes both
//   npm run report -- --add FILE --add ...  first keeps what a campaign's --json FILE has written
//   npm run report -- --print               writes nothing
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { keep, readEvidence, readNotes } from './report/evidence.js'
import { correctness } from './report/page.js'
import { withParagraph } from './report/readme.js'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const EVIDENCE = join(ROOT, 'evidence')

function main() {
  const { values } = parseArgs({
    options: { add: { type: 'string', multiple: true, default: [] }, print: { type: 'boolean', default: false } },
  })
  for (const file of values.add) console.log(`kept as ${keep(EVIDENCE, JSON.parse(readFileSync(file, 'utf8')))}`)
  const evidence = readEvidence(EVIDENCE)
  const notes = readNotes(EVIDENCE)
  const page = correctness(evidence, notes)
  if (values.print) {
    console.log(page)
    return
  }
  writeFileSync(join(ROOT, 'docs/correctness.md'), page)
  const readme = join(ROOT, 'README.md')
  writeFileSync(readme, withParagraph(readFileSync(readme, 'utf8'), evidence, notes))
  console.log(`docs/correctness.md, of ${evidence.length} results`)
}

try {
  main()
} catch (error) {
  console.error(`report: ${error.message}`)
  process.exitCode = 2
}
