// Puts a recorded run into the page that shows it. The page is one file, which the build makes of src/trace/page; it has
// one place for the run, and one for its name.

import type { TraceHeader } from './trace.ts'

/** Where the data goes in the template, and where the title does. */
const DATA_PLACE = '<script type="application/octet-stream" id="trace"></script>'
const TITLE_PLACE = '<title></title>'

/**
 * The whole page, one file that needs no network.
 *
 * @param template what the build made of src/trace/page
 * @param packed the text of `encodeTrace`, compressed as zlib does it (RFC 1950), in base64
 * @throws Error when the template has no place for them: it is not the one that belongs to this version
 */
export function tracePage(template: string, packed: string, { title }: TraceHeader): string {
  if (!/^[A-Za-z0-9+/=]*$/.test(packed)) throw new Error('the run must be given in base64')
  for (const place of [DATA_PLACE, TITLE_PLACE]) {
    if (!template.includes(place)) throw new Error(`the page's template has no ${place}: build it again`)
  }
  // Functions, because in a replacement text `$&` has a meaning of its own.
  return template
    .replace(TITLE_PLACE, () => `<title>${inText(title)}</title>`)
    .replace(DATA_PLACE, () => DATA_PLACE.replace('></', () => `>${packed}</`))
}

function inText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
