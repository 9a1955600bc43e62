import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { votersOnly } from '../../raft/configuration.ts'
import type { ConfigurationChange } from '../../raft/configuration-change.ts'
import { toHex } from '../../util/bytes.ts'
import { NodeError } from '../errors.ts'
import {
  decodeChange,
  decodeChangeOutcome,
  encodeChange,
  encodeChangeOutcome,
  isChangeRequest,
} from './change-codec.ts'

const JOIN: ConfigurationChange = { type: 'addLearner', id: 'd', address: 'h:4', incarnation: 'ff', promote: true }

describe('a change on its way to the leader', () => {
  test.each<ConfigurationChange>([
    JOIN,
    { type: 'promote', id: 'd' },
    { type: 'demote', id: 'a' },
    { type: 'remove', id: 'ä' },
    { type: 'replaceVoters', voters: ['a', 'd'] },
    { type: 'setAddress', id: 'a', address: 'h:9' },
  ])('is read as it was written: $type', (change) => {
    const bytes = encodeChange({ isJoin: false, timeoutMs: 1500, change })
    expect(decodeChange(bytes)).toEqual({ isJoin: false, timeoutMs: 1500, change })
    expect(isChangeRequest(bytes)).toBe(true)
  })

  test('looks as the page about the format says', () => {
    const bytes = encodeChange({ isJoin: true, timeoutMs: 2000, change: JOIN })
    expect(toHex(bytes)).toBe('03d007000001' + '0100000064' + '03000000683a34' + '020000006666' + '01')
  })

  test('that ends early or goes on is none, and nothing is thrown whatever comes', () => {
    const bytes = encodeChange({ isJoin: true, timeoutMs: 1, change: JOIN })
    for (let length = 0; length < bytes.length; length++) expect(decodeChange(bytes.subarray(0, length))).toBe(null)
    expect(decodeChange(Uint8Array.of(...bytes, 0))).toBe(null)
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (any) => void [decodeChange(any), decodeChangeOutcome(any)]),
    )
  })
})

describe('its outcome', () => {
  test('is the configuration', () => {
    const configuration = votersOnly({ a: 'h:1' })
    expect(decodeChangeOutcome(encodeChangeOutcome(configuration))).toEqual(configuration)
  })

  test('or an error, with what is known', () => {
    const error = new NodeError('ERR_QUORATE_CHANGE_REFUSED', 'no', 'no')
    expect(decodeChangeOutcome(encodeChangeOutcome(error))).toMatchObject({
      code: error.code,
      message: 'no',
      applied: 'no',
    })
  })
})
