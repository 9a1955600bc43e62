// What the command line may say.
import { parseArgs } from 'node:util'
import { FAULTS } from './faults/index.js'

/** A wrong call: one line, and exit status 2. */
export class UsageError extends Error {}

const OPTIONS = {
  minutes: { type: 'string', default: '1' },
  servers: { type: 'string', default: '3' },
  clients: { type: 'string', default: '12' },
  seed: { type: 'string' },
  phase: { type: 'string' },
  'trouble-seconds': { type: 'string', default: '20-40' },
  network: { type: 'string', default: 'proxy' },
  only: { type: 'string' },
  except: { type: 'string' },
  keep: { type: 'string' },
  json: { type: 'string' },
  help: { type: 'boolean', default: false },
}

/** @returns the options; null when help was asked for @throws UsageError */
export function readOptions(args) {
  const given = parse(args)
  if (given.help) return null
  const kinds = chosenKinds(given.only, given.except)
  const [least, most = least] = given['trouble-seconds'].split('-')
  const options = {
    minutes: positive(given.minutes, '--minutes'),
    servers: choice(given.servers, ['3', '5'], '--servers'),
    clients: whole(given.clients, '--clients'),
    seed: given.seed === undefined ? null : whole(given.seed, '--seed'),
    phase: given.phase === undefined ? null : whole(given.phase, '--phase'),
    troubleMs: [positive(least, '--trouble-seconds') * 1000, positive(most, '--trouble-seconds') * 1000],
    network: choice(given.network, ['proxy', 'namespaces'], '--network'),
    kinds,
    keep: given.keep ?? null,
    json: given.json ?? null,
  }
  return { ...options, servers: Number(options.servers) }
}

function parse(args) {
  try {
    return parseArgs({ args, options: OPTIONS }).values
  } catch (error) {
    throw new UsageError(`${error.message.split(/\.\s|\.$|\n/)[0]}: --help lists what there is`)
  }
}

/** @returns the kinds that were asked for, by name, and whether they were named and whether they are all; what the machine lacks is seen later */
function chosenKinds(only, except) {
  const known = [...FAULTS.keys()]
  const named = [only, except].flatMap((list) => list?.split(',') ?? [])
  const stranger = named.find((name) => !known.includes(name))
  if (stranger !== undefined)
    throw new UsageError(`there is no kind of fault '${stranger}': choose among ${known.join(', ')}`)
  const left = (only?.split(',') ?? known).filter((name) => !except?.split(',').includes(name))
  if (left.length === 0) throw new UsageError('--except leaves no kind of fault of those that --only names')
  return { names: left, areNamed: only !== undefined, areAll: left.length === known.length }
}

function whole(text, name) {
  const value = Number(text)
  if (text.trim() !== '' && Number.isSafeInteger(value) && value >= 1) return value
  throw new UsageError(`${name} is '${text}': it must be a whole number above 0`)
}

function positive(text, name) {
  const value = Number(text)
  if (text.trim() !== '' && Number.isFinite(value) && value > 0) return value
  throw new UsageError(`${name} is '${text}': it must be a number above 0`)
}

function choice(text, choices, name) {
  if (choices.includes(text)) return text
  throw new UsageError(`${name} is '${text}': choose ${choices.join(' or ')}`)
}

export function usage() {
  const faults = [...FAULTS].map(
    ([name, { help, needs }]) => `  ${name.padEnd(15)} ${help}${needs ? ` [${needs}]` : ''}`,
  )
  return `npm run chaos -- [options]

  --minutes N            how long (1); a phase that has begun is finished
  --servers 3|5          how many servers (3)
  --clients N            how many clients (12)
  --seed N               what happens when; by default another each time, and it is said
  --phase N              this phase of the seed alone
  --trouble-seconds A-B  how long the trouble of a phase lasts (20-40)
  --network proxy|namespaces
                         faults by a proxy between the servers, or by the system's own network (proxy)
  --only, --except LIST  kinds of faults, separated by commas
  --keep FOLDER          keep what the servers wrote, also when all went well
  --json FILE            the figures, as one object
  --help                 this

Kinds of faults, and what they need: proxy and namespaces are the two networks, disks the right to mount, preload a C
compiler on Linux, cgroups the right to make control groups. What this machine cannot do is said, and left out.

${faults.join('\n')}`
}
