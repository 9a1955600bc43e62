// The topics of log lines: which there are, and a colour for each.

import type { Topic } from '../lab/event.ts'
import { UsageError } from './usage.ts'

/** SGR parameters of the terminal, one for each topic. */
const COLORS: Readonly<Record<Topic, string>> = {
  CLNT: '36',
  CMIT: '35',
  DROP: '90',
  ERRO: '1;31',
  INFO: '37',
  LEAD: '1;33',
  LOG1: '34',
  LOG2: '94',
  PERS: '32',
  SNAP: '96',
  TERM: '33',
  TEST: '1',
  TIMR: '2',
  TRCE: '2',
  VOTE: '93',
  WARN: '31',
}

export const TOPICS: readonly Topic[] = Object.keys(COLORS) as Topic[]

/** @throws UsageError on a topic that does not exist */
export function readTopics(option: string, list: string): ReadonlySet<Topic> {
  if (list === 'all') return new Set(TOPICS)
  const topics = list.split(',').map((topic) => topic.trim().toUpperCase())
  const unknown = topics.find((topic) => !TOPICS.some((known) => known === topic))
  if (unknown !== undefined) throw new UsageError(`--${option} ${unknown}: the topics are ${TOPICS.join(', ')}`)
  return new Set(topics as Topic[])
}

/** The text in the colour of its topic, for a terminal. */
export function paint(topic: Topic, text: string): string {
  return `\x1b[${COLORS[topic]}m${text}\x1b[0m`
}
