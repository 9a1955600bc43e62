// A sample of `npm run hostile`, which tries ten million.
import { expect, test } from 'vitest'
import { decodeConfiguration, encodeConfiguration, NOBODY } from '../../../raft/configuration.ts'
import { Random } from '../../../util/random.ts'
import { formatTarget, HostileFinding } from './target.ts'
import { hostileTargets } from './targets.ts'

const INPUTS = 3000

test.each(hostileTargets().all)(
  `${INPUTS} mutated $name: none throws, and some are refused and some are not`,
  (target) => {
    const random = new Random(17)
    const fates = new Set(Array.from({ length: INPUTS }, () => target.attack(random)))
    expect([...fates]).toEqual(expect.arrayContaining(['content', 'same', 'other']))
  },
)

test('most frames get past their checksum, and every type is both refused and accepted', () => {
  const { frames } = hostileTargets()
  const random = new Random(18)
  for (let i = 0; i < 4 * INPUTS; i++) frames.attack(random)
  const { mended, pastChecksum, accepted, refused } = frames.counts
  expect(pastChecksum / mended).toBeGreaterThan(0.8)
  expect([accepted.size, refused.size]).toEqual([26, 26])
})

test('a decoder that makes two things of the same bytes is found', () => {
  const sample = encodeConfiguration({ ...NOBODY, voters: ['a'] })
  let calls = 0
  const decode = (bytes: Uint8Array) =>
    ++calls % 2 === 0 ? null : decodeConfiguration(bytes.length > 0 ? sample : bytes)
  const target = formatTarget({
    name: 'fickle',
    samples: [sample],
    decode,
    encode: (value) => encodeConfiguration({ ...value, voters: ['b'] }),
  })
  expect(() => target.attack(new Random(1))).toThrow(HostileFinding)
})
