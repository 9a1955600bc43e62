// The picture of a history that is not linearizable: what can be explained, in which order, and where it breaks.

import type { PartReport, Report } from './check.ts'
import { shortJson } from './json.ts'
import type { Model } from './model.ts'
import { describeOperation } from './operation.ts'
import { type Bar, type Layout, layOut, stateAtBreak } from './picture-layout.ts'
import { SCRIPT, STYLE } from './picture-page.ts'

const ROW = 26
const BAR = 22
/** More keys than these make one page slow, and nobody reads on. */
const MAX_PARTS = 5
const LONGEST = 2_000

/**
 * One HTML file that needs nothing else: a bar for each operation of a key that breaks, at most 2,000, in the row of its
 * process.
 *
 * @param title what was checked: the file's name, say
 */
export function drawPicture<State>(report: Report, model: Model<State>, title: string): string {
  const broken = report.parts.filter((part) => part.break !== null)
  const sections = broken.slice(0, MAX_PARTS).map((part) => drawPart(part, model))
  const rest = broken.length - sections.length
  const also =
    rest === 0 ? '' : `<p>${rest} more keys break, and are not drawn: ${namesOf(broken.slice(MAX_PARTS))}.</p>`
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${escapeHtml(title)}: not linearizable</title>
<style>${STYLE}</style>
<h1>${escapeHtml(title)}: ${report.verdict === 'not' ? 'not linearizable' : report.verdict}</h1>
<p class="quiet">Each bar is an operation, from its invocation to its completion. Blue ones have their place in an order that
explains all answers up to the dashed line; the thin line goes through them in that order. The red one completes at the
dashed line, and no order has a place for it. Grey ones were still open. Hover, or go with Tab and the arrows: left and
right in time, up and down in the order; b leads to the break.</p>
${sections.join('\n')}
${also}
<pre id="more" aria-live="polite"></pre>
<script>${SCRIPT}</script>
</html>
`
}

function namesOf(parts: readonly PartReport[]): string {
  const names = parts.slice(0, 20).map(({ key }) => escapeHtml(shortJson(key)))
  return names.length < parts.length ? `${names.join(', ')} …` : names.join(', ')
}

function drawPart<State>(part: PartReport, model: Model<State>): string {
  const layout = layOut(part, model)
  if (layout === null) return ''
  const state = stateAtBreak(layout.break, model)
  const names = layout.processes.map((name) => `<div title="process ${escapeHtml(name)}">${escapeHtml(name)}</div>`)
  const name = layout.key === undefined ? 'The history' : `Key ${shortJson(layout.key)}`
  return `<h2>${escapeHtml(name)} breaks at ${escapeHtml(describeOperation(layout.break.operation))}</h2>
<p>${escapeHtml(explain(layout, state))}</p>
<div class="frame"><div class="names" aria-hidden="true">${names.join('')}</div><div class="time">${drawField(layout, state)}</div></div>`
}

function explain({ break: found, omittedBefore, omittedAfter }: Layout, state: string): string {
  const { order, completed, isFirst } = found
  const lines = [
    `The ${completed} completions before it are explained by ${order.length} operations in order, which leave the state ${state}.`,
  ]
  if (!isFirst) lines.push('The search for the break was not finished: it may lie further to the left.')
  if (omittedBefore > 0) lines.push(`${omittedBefore} earlier operations are not drawn.`)
  if (omittedAfter > 0) lines.push(`${omittedAfter} later operations are not drawn.`)
  return lines.join(' ')
}

function drawField(layout: Layout, state: string): string {
  const { bars, columns, processes } = layout
  const wide = Math.min(Math.max(1_000 / columns, 14), 44)
  const [width, height] = [Math.ceil((columns + 1) * wide), processes.length * ROW]
  const cut = bars.find(({ kind }) => kind === 'breaking')
  const line = cut === undefined ? '' : `<div class="cut" style="left:${Math.round(cut.to * wide)}px"></div>`
  const drawn = bars.map((bar) => drawBar(bar, columns, wide, state))
  return `<div class="field" style="width:${width}px;height:${height}px">${line}
${drawn.join('\n')}
${drawOrder(bars, wide, width, height)}</div>`
}

function drawBar(bar: Bar, columns: number, wide: number, state: string): string {
  const { operation, kind, place, from, to, row } = bar
  const left = Math.round(from * wide)
  const width = Math.max(Math.round((to - from) * wide) - 2, 8)
  const isEndless = operation.completed === null || to === columns
  const number = place === null ? '' : ` data-place="${place.number}"`
  return `<button class="bar ${kind}${isEndless ? ' endless' : ''}"${number} style="left:${left}px;top:${row * ROW}px;width:${width}px" title="${escapeHtml(tellMore(bar, state))}">${escapeHtml(describeOperation(operation, 24))}</button>`
}

function tellMore({ operation, kind, place }: Bar, state: string): string {
  const { process: client, invoked, completed } = operation
  const until = completed === null ? 'never answered: its outcome is unknown' : `completed at ${completed}`
  const lines = [describeOperation(operation, LONGEST), `process ${client}, invoked at ${invoked}, ${until}`]
  if (place !== null)
    lines.push(`number ${place.number} in the order: ${place.before} before it, ${place.after} behind it`)
  if (kind === 'breaking') lines.push(`no order has a place for it; the one that is drawn ends in ${state}`)
  if (kind === 'open') lines.push('not in the order: it was still open at the break, or began behind it')
  return lines.join('\n')
}

function drawOrder(bars: readonly Bar[], wide: number, width: number, height: number): string {
  const points = bars
    .filter(({ at }) => at !== null)
    .sort((a, b) => (a.at as number) - (b.at as number))
    .map(({ at, row }) => [((at as number) * wide).toFixed(1), row * ROW + BAR / 2] as const)
  const dots = points.map(([x, y]) => `<circle cx="${x}" cy="${y}" r="2.5"/>`)
  return `<svg width="${width}" height="${height}" aria-hidden="true"><polyline points="${points.map((point) => point.join(',')).join(' ')}"/>${dots.join('')}</svg>`
}

const ENTITIES: { readonly [character: string]: string } = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }

function escapeHtml(text: string): string {
  return text.replaceAll(/[&<>"]/g, (character) => ENTITIES[character] as string)
}
