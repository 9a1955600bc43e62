// Colours and type of the canvas, light and dark. Terms take turns in six colours that are told apart with every common
// colour blindness (after Okabe and Ito); since they return, and since not everybody sees them, the term is written
// wherever it changes. Red is for what went wrong, and for nothing else.

export interface Theme {
  readonly background: string
  readonly lane: string
  readonly line: string
  readonly text: string
  readonly muted: string
  readonly faint: string
  readonly accent: string
  readonly danger: string
  readonly warning: string
  /** On a filled band of a term. */
  readonly onTerm: string
  readonly down: string
  readonly terms: readonly string[]
  readonly noTerm: string
  /** Of a message's arrow, by what the message is for. */
  readonly messages: { readonly [family in Family]: string }
  readonly ok: string
}

/** What a message is for. */
export type Family = 'append' | 'vote' | 'snapshot' | 'other'

const LIGHT: Theme = {
  background: '#ffffff',
  lane: '#f6f8f9',
  line: '#dfe4e8',
  text: '#1b2329',
  muted: '#5d6b76',
  faint: '#a3afb8',
  accent: '#0b63c5',
  danger: '#c4161c',
  warning: '#9a5b00',
  onTerm: '#ffffff',
  down: '#8b98a2',
  terms: ['#0a6fb5', '#c06a00', '#0b8764', '#a8497f', '#3a8fc4', '#7a6a00'],
  noTerm: '#a3afb8',
  messages: { append: '#7c8b97', vote: '#7b4fc9', snapshot: '#0f7f8c', other: '#7c8b97' },
  ok: '#4d8f6a',
}

const DARK: Theme = {
  background: '#14191d',
  lane: '#1a2126',
  line: '#2c353c',
  text: '#e7edf1',
  muted: '#9aa8b3',
  faint: '#5d6a74',
  accent: '#6db3ff',
  danger: '#ff6b66',
  warning: '#f0b04a',
  onTerm: '#0d1114',
  down: '#77848e',
  terms: ['#4aa8ee', '#f0a03c', '#2fc296', '#e08abb', '#8fd0f5', '#e3d34f'],
  noTerm: '#5d6a74',
  messages: { append: '#75838e', vote: '#b394f5', snapshot: '#3fc3cf', other: '#75838e' },
  ok: '#62b587',
}

/** Goes with what the browser prefers. */
export function themeFor(isDark: boolean): Theme {
  return isDark ? DARK : LIGHT
}

export const FONT = '-apple-system, "Segoe UI", Roboto, "Open Sans", "Helvetica Neue", Arial, sans-serif'

/** As a canvas wants it. @param size in pixels */
export function font(size: number, weight = 400): string {
  return `${weight} ${size}px ${FONT}`
}

/** Term 0 is before any election. */
export function termColor(theme: Theme, term: number): string {
  if (term <= 0) return theme.noTerm
  return theme.terms[(term - 1) % theme.terms.length] ?? theme.noTerm
}

/** By the words in its type, so that another Raft's messages get colours, too. */
export function familyOf(type: string): Family {
  if (type.includes('Vote') || type.startsWith('TimeoutNow')) return 'vote'
  if (type.includes('Append')) return 'append'
  return type.includes('Snapshot') ? 'snapshot' : 'other'
}

/** Whether it answers another one: drawn lighter. */
export function isReply(type: string): boolean {
  return type.endsWith('Reply') || type.endsWith('Response') || type.endsWith('Answer')
}
