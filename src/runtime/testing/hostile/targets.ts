/** All formats that bytes from another machine are read as, behind the frames: what travels in requests and in entries. */
import { decodeAnswer as decodeKvAnswer, encodeAnswer as encodeKvAnswer } from '../../../kv/answer.ts'
import { decodeCommand as decodeKv, encodeCommand as encodeKv } from '../../../kv/command.ts'
import { KvStateMachine } from '../../../kv/kv-state-machine.ts'
import { decodeConfiguration, encodeConfiguration, NOBODY } from '../../../raft/configuration.ts'
import { decodeEntry, type Entry, encodeEntries } from '../../../raft/entry.ts'
import {
  decodeCommand as decodeRecipe,
  encodeCommand as encodeRecipe,
  command as recipe,
} from '../../../recipes/command.ts'
import { RecipeStateMachine } from '../../../recipes/recipe-state-machine.ts'
import { concat, utf8Encode } from '../../../util/bytes.ts'
import { NodeError } from '../../errors.ts'
import { decodeChange, decodeChangeOutcome, encodeChange, encodeChangeOutcome } from '../../members/change-codec.ts'
import { decodeForward, decodeOutcomes, encodeForward, encodeOutcomes } from '../../requests/forwarding.ts'
import { decodeOperation, encodeOperation, stampLogTime } from '../../sessions/session-entry.ts'
import type { CommittedEntry } from '../../state-machine.ts'
import { FrameTarget, mendEntries } from './frame-target.ts'
import { formatTarget, type Target } from './target.ts'

const KEY = utf8Encode('key')
const VALUE = utf8Encode('a value')
const CONFIGURATION = { ...NOBODY, voters: ['a', 'b'], learners: ['c'], addresses: { a: 'h:1', b: 'h:2', c: 'h:3' } }

const KV_COMMANDS = [
  encodeKv({ type: 'put', key: KEY, value: VALUE, withPrevious: true }),
  encodeKv({ type: 'deleteRange', key: KEY, rangeEnd: utf8Encode('l'), withPrevious: false }),
]

const OPERATIONS = [
  encodeOperation({ type: 'open', ttlMs: 60_000 }),
  encodeOperation({ type: 'command', session: 7, serial: 4, completed: 2, command: VALUE }),
  encodeOperation({ type: 'keepAlive', session: 7, completed: 3 }),
  encodeOperation({ type: 'close', session: 7 }),
  encodeOperation({ type: 'tick' }),
]

/** The frames first. Those with a state of their own (a machine, counts) are new each time. */
export function hostileTargets(): { readonly frames: FrameTarget; readonly all: readonly Target[] } {
  const frames = new FrameTarget()
  return {
    frames,
    all: [frames, ...requests(), ...entries(), ...machines()],
  }
}

function requests(): Target[] {
  return [
    formatTarget({
      name: 'forwarded proposals',
      samples: [
        encodeForward({ timeoutMs: 1000, proposals: [{ kind: 'command', command: VALUE }] }),
        encodeForward({ timeoutMs: 5, proposals: OPERATIONS.map((command) => ({ kind: 'session', command })) }),
      ],
      decode: decodeForward,
      encode: encodeForward,
    }),
    formatTarget({
      name: 'outcomes of proposals',
      samples: [encodeOutcomes([VALUE, new NodeError('ERR_QUORATE_OVERLOADED', 'too much', 'no')], 2 ** 20)],
      decode: (bytes) => decodeOutcomes(bytes, 2),
      encode: (outcomes) => encodeOutcomes(outcomes, 2 ** 20),
    }),
    formatTarget({
      name: 'changes of members',
      samples: [
        encodeChange({
          isJoin: true,
          timeoutMs: 2000,
          change: { type: 'addLearner', id: 'd', address: 'h:4', incarnation: 'f00d', promote: true },
        }),
        encodeChange({ isJoin: false, timeoutMs: 2000, change: { type: 'replaceVoters', voters: ['a', 'b'] } }),
      ],
      decode: decodeChange,
      encode: encodeChange,
    }),
    formatTarget({
      name: 'outcomes of changes',
      samples: [
        encodeChangeOutcome(CONFIGURATION),
        encodeChangeOutcome(new NodeError('ERR_QUORATE_CHANGE_REFUSED', 'no', 'no')),
      ],
      decode: decodeChangeOutcome,
      encode: encodeChangeOutcome,
    }),
  ]
}

function entries(): Target[] {
  return [
    formatTarget<readonly Entry[]>({
      name: 'entries',
      samples: [concat(encodeEntries([VALUE, KEY], 'command', 5, 13).map(({ bytes }) => bytes))],
      decode: decodeMended,
      encode: (some) => concat(some.map(({ bytes }) => bytes)),
    }),
    formatTarget({
      name: 'configurations',
      samples: [
        encodeConfiguration(CONFIGURATION),
        encodeConfiguration({ ...CONFIGURATION, votersOutgoing: ['a', 'z'] }),
      ],
      decode: decodeConfiguration,
      encode: encodeConfiguration,
    }),
    formatTarget({
      name: 'operations of sessions',
      samples: OPERATIONS,
      decode: decodeOperation,
      encode: ({ logTime, operation }) => {
        const bytes = encodeOperation(operation)
        stampLogTime(bytes, logTime)
        return bytes
      },
    }),
  ]
}

/** As many as there are, with their checksums made right again. */
function decodeMended(bytes: Uint8Array): readonly Entry[] | string {
  const mended = bytes.slice()
  mendEntries(mended, 0)
  const found: Entry[] = []
  for (let at = 0; at < mended.length; ) {
    const entry = decodeEntry(mended, at)
    if (typeof entry === 'string') return entry
    found.push(entry)
    at += entry.size
  }
  return found
}

/** What is put into a machine stays there: after so many commands another one begins. */
const LIFE_COMMANDS = 10_000

/** Every server applies what is in the log, whatever it is: a command that makes one of them throw stops all of them. */
function machines(): Target[] {
  let kv = new KvStateMachine()
  let recipes = new RecipeStateMachine()
  let index = 0
  const asEntry = (command: Uint8Array): readonly CommittedEntry[] => {
    if (++index % LIFE_COMMANDS === 0) [kv, recipes] = [new KvStateMachine(), new RecipeStateMachine()]
    return [{ index, term: 1, command, session: null }]
  }
  return [
    formatTarget({
      name: 'key/value commands',
      samples: KV_COMMANDS,
      decode: (bytes) => {
        kv.apply(asEntry(bytes))
        return decodeKv(bytes)
      },
      encode: encodeKv,
    }),
    formatTarget({
      name: 'key/value answers',
      samples: [
        encodeKvAnswer({ type: 'done', revision: 9, affected: 1, previous: [] }),
        encodeKvAnswer({ type: 'refused', code: 'ERR_QUORATE_KV_MALFORMED', message: 'no' }),
      ],
      decode: decodeKvAnswer,
      encode: encodeKvAnswer,
    }),
    formatTarget({
      name: 'commands of recipes',
      samples: [
        encodeRecipe(recipe('set', 'map', { key: 'k', value: VALUE })),
        encodeRecipe(recipe('joinLock', 'lock')),
      ],
      decode: (bytes) => {
        recipes.apply(asEntry(bytes))
        return decodeRecipe(bytes)
      },
      encode: encodeRecipe,
    }),
  ]
}
