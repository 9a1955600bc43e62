/** Bugs of the checker of histories. */
import type { Mutation } from './mutation.ts'

const CHECK = 'src/check'

export const CHECKING: readonly Mutation[] = [
  {
    id: 'check-cache-without-state',
    title: 'the cache of the search looks at the set of operations only, not at the state that they lead to',
    file: `${CHECK}/placed.ts`,
    find: 'return this.configurations.add(hash, this.secondHash ^ state, state, scratch, length)',
    replace: 'return this.configurations.add(scramble(this.hash), this.secondHash, 0, scratch, length)',
    source:
      'Lowe, Testing for linearizability: a configuration is the set and the state; half of it says no to good histories',
  },
  {
    id: 'check-collision',
    title: 'configurations are equal when their hashes are',
    file: `${CHECK}/configurations.ts`,
    find: 'this.words[offset] === secondHash && this.isAt(offset, state, set, length)',
    replace: 'this.words[offset] === secondHash',
    source:
      'model checkers that keep hashes only (bitstate hashing) miss errors by design; a checker of histories must not',
  },
  {
    id: 'check-return-ignored',
    title: 'the search goes on behind the first return that is left',
    file: `${CHECK}/timeline.ts`,
    find: 'return entry < this.size\n',
    replace: 'return entry < this.size || (this.next[entry] as number) < this.size\n',
    source: 'the order in real time is what sets linearizability apart from sequential consistency',
  },
  {
    id: 'check-unseen-too-early',
    title: 'a write that somebody sees is moved as if nobody did',
    file: `${CHECK}/value-problem.ts`,
    find: 'return one.output === DEAD && isKnown(one) ?',
    replace: 'return isKnown(one) ?',
    source: 'rule 2 of the search holds for writes alone that no read and no cas depends on',
  },
  {
    id: 'check-cas-is-no-reader',
    title: 'a lost write that only a cas saw is left out',
    file: `${CHECK}/value-coding.ts`,
    find: 'return kind === KIND.read || kind === KIND.cas',
    replace: 'return kind === KIND.read',
    source: 'a cas that succeeded has seen its old value, as much as a read of it',
  },
  {
    id: 'check-dated-with-two-makers',
    title: 'a lost write counts as one that happened, although another one wrote the same',
    file: `${CHECK}/value-coding.ts`,
    find: 'makers.get(one.output) === 1 && one.output !== initial',
    replace: 'one.output !== initial',
    source: 'with a handful of values, as Jepsen’s register has them, each is written again and again',
  },
]
