// What `npm run prove` runs, and how much of each goes into so many minutes.
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const CLI = join(ROOT, 'bin/quorate.js')

/** Of all the time. The checker and the planted bugs take a minute besides, however long the rest is. */
const SHARES = { sim: 0.6, explore: 0.13, chaos: 0.1, 'disk-sweep': 0.07, hostile: 0.05, 'chaos-calls': 0.05 }
export const NAMES = [...Object.keys(SHARES), 'check-exhaustive', 'explore-teeth', 'spec-teeth']

/** A campaign of the simulator says what it has come to when it ends: so often, that is. */
const SLICE_MINUTES = 10
/** What all of it takes, in minutes on two cores. */
const WHOLE = { sweep: 6, calls: 10, inputsPerMinute: 2_000_000 }
/** Each is quick to find, by another property. */
const FEW_BUGS = 'vote-twice,half-elects,figure-8,acknowledge-before-disk,configuration-not-on-append'

/** The smaller ones first: what the time does not suffice for is left out. The last is without end. */
const EXPLORATIONS = [
  ...['elections', 'membership', 'crashes', 'replication', 'snapshots'].map((preset) => ['--preset', preset]),
  ['--preset', 'replication', '--log', '3', '--proposals', '3', '--messages', '5', '--memory', '2'],
]

/**
 * In the order in which they run.
 *
 * @param only names
 * @returns [{ name, minutes, tasks: [{ title, command, stdout }] }]; `stdout`: the result is printed, not written.
 *   `command(file)` is what to run; a task may say from the results before it that there is nothing left to do: null.
 */
export function stepsOf({ minutes, only, firstSeed }) {
  const share = only.reduce((sum, name) => sum + (SHARES[name] ?? 0), 0) || 1
  return NAMES.filter((name) => only.includes(name)).map((name) => {
    const own = (minutes * (SHARES[name] ?? 0)) / share
    return { name, minutes: own, tasks: TASKS[name](own, firstSeed) }
  })
}

const TASKS = {
  sim: (minutes, firstSeed) => {
    const slices = Math.max(1, Math.round(minutes / SLICE_MINUTES))
    const each = String(Math.max(1, Math.round(minutes / slices)))
    return Array.from({ length: slices }, (_, i) => ({
      title: `slice ${i + 1} of ${slices}`,
      stdout: true,
      command: (_file, before) => {
        const seed = firstSeed + before.reduce((sum, { runs }) => sum + runs, 0)
        return [CLI, 'sim', '--json', '--no-shrink', '--minutes', each, '--seed', String(seed)]
      },
    }))
  },
  explore: (minutes) =>
    EXPLORATIONS.map((options) => ({
      title: options.join(' '),
      stdout: true,
      command: (_file, before) => {
        const left = minutes - before.reduce((sum, { wallMs }) => sum + wallMs / 60_000, 0)
        const isFirst = before.length === 0
        if (left <= 0 && !isFirst) return null
        return [CLI, 'explore', '--json', '--time', String(Math.max(1, Math.round(left))), ...options]
      },
    })),
  'disk-sweep': (minutes) => [program('scripts/disk-sweep.js', '--every', everyOf(WHOLE.sweep, minutes))],
  hostile: (minutes) => {
    const inputs = Math.max(20_000, Math.round((WHOLE.inputsPerMinute * minutes) / 2))
    // Sieges and servers that are restarted take half a minute, however few the inputs are.
    const parts = minutes < 1 ? ['--only', 'decoders,bodies,certificates'] : []
    return [
      program(
        'scripts/hostile.js',
        '--inputs',
        String(inputs),
        '--seed',
        String(1 + (Date.now() % 1_000_000)),
        ...parts,
      ),
    ]
  },
  chaos: (minutes) => {
    const trouble = minutes < 1 ? ['--trouble-seconds', '4-6'] : []
    return [program('chaos/run.js', '--minutes', minutes.toFixed(2), ...trouble)]
  },
  'chaos-calls': (minutes) => [program('chaos/system-calls.js', '--every', everyOf(WHOLE.calls, minutes))],
  'check-exhaustive': () => [program('scripts/check-exhaustive.js')],
  'explore-teeth': () => [program('scripts/explore-teeth.js', '--only', FEW_BUGS)],
  'spec-teeth': () => [program('scripts/spec-teeth.js', '--only', FEW_BUGS)],
}

function program(path, ...args) {
  return { title: args.join(' '), command: (file) => [join(ROOT, path), ...args, '--json', file] }
}

function everyOf(wholeMinutes, minutes) {
  return String(Math.max(1, Math.ceil(wholeMinutes / minutes)))
}
