// The two models that need no writing: a register, and keys with values.

import { sameJson, shortJson } from './json.ts'
import type { Call, Model, Step } from './model.ts'
import type { Operation } from './operation.ts'

/** One value, null at first: `read`, `write`, and `cas` with the value `[old, new]`. */
export const register: Model<unknown> = {
  init: null,
  step,
  readOnly: isRead,
  refuse: (operation) => refuse(operation, 'register'),
}

/** Many keys, each the empty string at first: `get`, `put`, `append`, `delete`, and `cas` with the value `[old, new]`. */
export const keyValue: Model<unknown> = {
  init: '',
  step,
  partition: ({ key }) => key,
  readOnly: isRead,
  refuse: (operation) => refuse(operation, 'key'),
}

const VERBS = {
  register: new Set(['read', 'write', 'cas']),
  key: new Set(['get', 'put', 'append', 'delete', 'cas']),
} as const

function step(state: unknown, { f, value, result, outcome }: Call): Step<unknown> | null {
  switch (f) {
    case 'read':
    case 'get':
      return outcome === 'unknown' || sameJson(state, result) ? { ok: true, state } : null
    case 'write':
    case 'put':
      return { ok: true, state: value }
    case 'delete':
      return { ok: true, state: '' }
    case 'append':
      return typeof state === 'string' ? { ok: true, state: state + String(value) } : null
    case 'cas':
      return sameJson(state, (value as readonly unknown[])[0])
        ? { ok: true, state: (value as readonly unknown[])[1] }
        : null
    default:
      return null
  }
}

function isRead({ f }: Call): boolean {
  return f === 'read' || f === 'get'
}

function refuse(operation: Operation, kind: 'register' | 'key'): string | null {
  const { f, key } = operation
  if (!VERBS[kind].has(f)) return refuseVerb(f, key, kind)
  if (kind === 'register' && key !== undefined) return `${f} of key ${shortJson(key)}: a register has no keys`
  if (kind === 'key' && key === undefined) return `${f} without a key`
  return refuseValue(operation)
}

function refuseVerb(f: string, key: unknown, kind: 'register' | 'key'): string {
  const known = `${[...VERBS[kind]].join(', ')}`
  if (kind === 'register' && VERBS.key.has(f)) return `${f} without a key: a register, which has none, knows ${known}`
  if (kind === 'key' && VERBS.register.has(f)) {
    return key === undefined ? `${f} without a key, where others have one` : `${f} of a key: keys know ${known}`
  }
  return `there is no ${f}: a ${kind} knows ${known}`
}

function refuseValue({ f, value, result, completed }: Operation): string | null {
  if (isRead({ f, outcome: 'ok' })) {
    return completed !== null && result === undefined
      ? `the completion of this ${f} has no value: write null where nothing was read`
      : null
  }
  if (f === 'delete') return null
  if (f === 'cas') {
    const isPair = Array.isArray(value) && value.length === 2
    return isPair ? null : `the value of cas is ${shortJson(value, 40)}: it must be [old, new]`
  }
  if (value === undefined) return `this ${f} has no value`
  return f === 'append' && typeof value !== 'string' ? `append of ${shortJson(value, 40)}: only text is appended` : null
}
