// The model that a history is held against: one of ours, or a module of the user's.

import { keyValue, type Model, type Operation, register } from '../../check/index.ts'
import { loadModule } from '../load-module.ts'
import { UsageError } from '../usage.ts'

/** A model, and what it is called. */
export interface NamedModel {
  readonly name: string
  readonly model: Model<unknown>
}

const OURS: { readonly [name: string]: Model<unknown> } = { register, 'key-value': keyValue }
const FUNCTIONS = ['partition', 'equal', 'hash', 'describe', 'readOnly', 'refuse']

/**
 * @param name what the user said; null to see by the first operation
 * @throws UsageError when there is no such model, or the module is none
 */
export async function loadModel(name: string | null, operations: readonly Operation[]): Promise<NamedModel> {
  const wanted = name ?? (operations[0]?.key === undefined ? 'register' : 'key-value')
  const ours = OURS[wanted]
  return ours === undefined ? { name: wanted, model: await loadOwn(wanted) } : { name: wanted, model: ours }
}

async function loadOwn(file: string): Promise<Model<unknown>> {
  const module = await loadModule('model', file)
  if (!('init' in module))
    throw new UsageError(`--model ${file}: it does not export 'init', the state at the beginning`)
  if (typeof module['step'] !== 'function') {
    throw new UsageError(
      `--model ${file}: it does not export a function 'step', from a state and a call to { ok, state }`,
    )
  }
  const odd = FUNCTIONS.find((name) => name in module && typeof module[name] !== 'function')
  if (odd !== undefined) throw new UsageError(`--model ${file}: its '${odd}' is no function`)
  return module as unknown as Model<unknown>
}
