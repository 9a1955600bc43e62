/** Bugs of the wire: whom a server listens to. */
import type { Mutation } from './mutation.ts'

const HANDSHAKE = 'src/transport/handshake.ts'

export const WIRE: readonly Mutation[] = [
  {
    id: 'other-cluster-let-in',
    title: 'a server of another cluster may say what it likes',
    file: HANDSHAKE,
    find: "  if (cluster !== self.cluster)\n    return { code: 'wrongCluster'",
    replace: "  if (cluster === '')\n    return { code: 'wrongCluster'",
    source: 'two clusters that were given each other’s addresses; etcd compares cluster ids for it',
    also: [
      {
        file: HANDSHAKE,
        find: 'if (cluster !== hello.cluster)',
        replace: "if (cluster === '')",
      },
    ],
  },
]
