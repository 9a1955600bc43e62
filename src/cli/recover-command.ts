// `quorate recover`: makes a new cluster of one survivor, when the majority is lost for good. Without the long flag it only
// says what is there and what would be lost; it never asks, so that nobody answers without having read.

import { randomBytes } from 'node:crypto'
import { NodeFileSystem } from '../io/node-file-system.ts'
import { isAddress, isName } from '../runtime/check-options.ts'
import { StorageError } from '../storage/errors.ts'
import { FileSystemError } from '../storage/file-system.ts'
import { requireServer, Survivor } from '../storage/survivor.ts'
import { Random } from '../util/random.ts'
import { type GivenOptions, readOptions } from './options.ts'
import { describeConsequences, describeRecovered, describeSurvivor } from './recover-words.ts'
import { RECOVER_HELP, UsageError } from './usage.ts'

const DONE = 0
const NOT_DONE = 1

const CONSENT = 'yes-i-understand-that-data-may-be-lost'

const TYPES = {
  help: 'boolean',
  directory: 'string',
  cluster: 'string',
  id: 'string',
  address: 'string',
  [CONSENT]: 'boolean',
} as const

interface RecoverArguments {
  readonly directory: string
  readonly cluster: string
  readonly id: string
  readonly address: string | undefined
  readonly consent: boolean
}

/** @returns the exit status: 0 a new cluster was made, 1 nothing was changed; @throws UsageError */
export async function recoverCommand(args: readonly string[]): Promise<number> {
  const given = readOptions('recover', args, TYPES)
  if (given.flag('help')) {
    console.log(RECOVER_HELP)
    return DONE
  }
  const wanted = readArguments(given)
  try {
    return await recover(wanted)
  } catch (error) {
    if (!(error instanceof StorageError) && !(error instanceof FileSystemError)) throw error
    console.error(`quorate recover: ${error.message}`)
    return NOT_DONE
  }
}

async function recover({ directory, cluster, id, address, consent }: RecoverArguments): Promise<number> {
  const survivor = await Survivor.open(new NodeFileSystem(directory), new Random(randomBytes(6).readUIntBE(0, 6)))
  try {
    requireServer(survivor.report, id)
    const place = address ?? survivor.address
    if (place === null) {
      throw new UsageError(`quorate recover: the folder does not say where ${id} listens: give --address host:port`)
    }
    console.log(describeSurvivor(survivor.report))
    console.log(describeConsequences(survivor.report, cluster))
    if (!consent) {
      console.log(`\nNothing was changed. To go on, run it again with --${CONSENT}`)
      return NOT_DONE
    }
    console.log(describeRecovered(await survivor.recover(cluster, place)))
    return DONE
  } finally {
    await survivor.close()
  }
}

function readArguments(given: GivenOptions): RecoverArguments {
  const [word] = given.words
  if (word !== undefined) throw new UsageError(`quorate recover: unexpected '${word}'`)
  const address = given.text('address')
  const objection = address === undefined ? null : isAddress(address)
  if (objection !== null) throw new UsageError(`quorate recover: --address is '${address}': ${objection}`)
  return {
    directory: required(given, 'directory', 'the survivor’s own folder'),
    cluster: requiredName(given, 'cluster', 'a name for the new cluster'),
    id: requiredName(given, 'id', 'the survivor’s id'),
    address,
    consent: given.flag(CONSENT),
  }
}

function required(given: GivenOptions, option: string, what: string): string {
  const text = given.text(option)
  if (text === undefined || text === '') throw new UsageError(`quorate recover: give --${option}, ${what}`)
  return text
}

function requiredName(given: GivenOptions, option: string, what: string): string {
  const text = required(given, option, what)
  const objection = isName(text)
  if (objection !== null) throw new UsageError(`quorate recover: --${option} is '${text}': ${objection}`)
  return text
}
