// The results that the report is made of: one small file for each run of a campaign. docs/formats/evidence.md.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { slimCampaign } from './sim.js'

/** Written by people, not by campaigns. */
export const NOTES = ['found.json', 'unchecked.json']
const NAMES = [
  ...['sim', 'explore', 'disk-sweep', 'hostile', 'chaos', 'chaos-calls', 'check-exhaustive'],
  ...['teeth', 'checkers', 'explore-teeth', 'spec-teeth'],
]

/** All results of a folder, oldest first. @throws Error for a file that is none */
export function readEvidence(folder) {
  const files = readdirSync(folder).filter((file) => file.endsWith('.json') && !NOTES.includes(file))
  const results = files.map((file) => checked(JSON.parse(readFileSync(join(folder, file), 'utf8')), file))
  return results.sort((one, other) => (keyOf(one) < keyOf(other) ? -1 : 1))
}

export function readNotes(folder) {
  const [found, unchecked] = NOTES.map((file) => JSON.parse(readFileSync(join(folder, file), 'utf8')))
  return { found, unchecked }
}

/** @returns the file's name; the same run twice is one file */
export function keep(folder, result) {
  checked(result, 'a result')
  const commit = result.commit === null ? 'no-commit' : result.commit.slice(0, 7)
  const when = result.date.slice(0, 19).replaceAll(/[-:]/g, '').replace('T', '-')
  const file = `${result.name}-${when}-${commit}.json`
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, file), `${JSON.stringify(slim(result), null, 1)}\n`)
  return file
}

/** What a reader of the repository needs of a result: lists of cases are as good as their number. */
function slim(result) {
  switch (result.name) {
    case 'sim':
      return result.failed === undefined ? slimCampaign(result) : result
    case 'disk-sweep':
      return { ...result, forgot: undefined }
    case 'hostile': {
      const { decoders, replay, ...others } = result
      const rows = replay?.rows.map(({ before, after, ...row }) => row)
      return {
        ...others,
        ...(decoders && { decoders: { ...decoders, frameTypes: undefined } }),
        ...(replay && { replay: { ...replay, rows } }),
      }
    }
    case 'explore':
      return {
        ...result,
        bounds: Object.fromEntries(Object.entries(result.bounds).filter(([, value]) => value !== 0 && value !== false)),
      }
    default:
      return result
  }
}

function checked(result, file) {
  const { name, date, durationMs, commit, node } = result
  if (!NAMES.includes(name)) throw new Error(`${file}: '${name}' is no campaign: ${NAMES.join(', ')}`)
  if (Number.isNaN(Date.parse(date)) || typeof durationMs !== 'number' || typeof node !== 'string')
    throw new Error(`${file}: a result has a date, a durationMs and a node`)
  if (commit !== null && !/^[0-9a-f]{40}\+?$/.test(commit)) throw new Error(`${file}: '${commit}' is no commit`)
  return result
}

function keyOf({ date, name }) {
  return `${date} ${name}`
}
