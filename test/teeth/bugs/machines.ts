/** Bugs of state machines. */
import type { Mutation } from './mutation.ts'

export const MACHINES: readonly Mutation[] = [
  {
    id: 'put-forgotten-everywhere',
    title: 'every fifth put, by the length of its value, is answered and not done, on all servers alike',
    file: 'src/kv/kv-state-machine.ts',
    find: 'const previous = this.store.put(key.slice(), value.slice())',
    replace:
      'if (value.length % 5 === 0) return this.done(0, [])\n    const previous = this.store.put(key.slice(), value.slice())',
    source: 'Raft keeps copies of a wrong state as well as of a right one: only the clients can tell',
  },
]
