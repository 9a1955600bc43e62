/**
 * Logs as the paper draws them: a string of terms, index from 1. `1 1 2` is a log of three entries; `1 1c 2` has the
 * configuration `c` at index 2. The same index and term give the same bytes on every server, as in a real cluster.
 */
import { utf8Encode } from '../../util/bytes.ts'
import { type Configuration, encodeConfiguration } from '../configuration.ts'
import { type Entry, encodeEntries, type Index, type Term } from '../entry.ts'

/** Configurations that a log's notation can name. */
export type NamedConfigurations = ReadonlyMap<string, Configuration>

const NO_NAMES: NamedConfigurations = new Map()

/**
 * The entries of a log in the notation above, the first at `firstIndex`.
 *
 * @throws Error when a word is not a term, or names a configuration that is not known
 */
export function entriesOf(terms: string, firstIndex: Index = 1, names: NamedConfigurations = NO_NAMES): Entry[] {
  const words = terms.split(' ').filter((word) => word !== '')
  return words.map((word, place) => entryOf(word, firstIndex + place, names))
}

function entryOf(word: string, index: Index, names: NamedConfigurations): Entry {
  const [, term, name] = /^(\d+)([a-z]?)$/.exec(word) ?? []
  if (term === undefined) throw new Error(`"${word}" is no entry: write its term, as in 1 1 2`)
  if (name === undefined || name === '') return commandAt(index, Number(term))
  const configuration = names.get(name)
  if (configuration === undefined) throw new Error(`no configuration is named ${name}: declare it first`)
  return encodeEntries([encodeConfiguration(configuration)], 'configuration', Number(term), index)[0] as Entry
}

/** The command that every test log has at this place. */
export function commandAt(index: Index, term: Term): Entry {
  return encodeEntries([utf8Encode(`${term}/${index}`)], 'command', term, index)[0] as Entry
}

/** Back to the notation: what an assertion compares. */
export function termsOf(entries: readonly { readonly term: Term }[]): string {
  return entries.map(({ term }) => term).join(' ')
}
