// The words of these tests. `follower`, `candidate` and `leader` are one server alone with the test; `cluster` is several
// in lockstep; the rest are messages. Logs are strings of terms, `1 1 2`; places in them are `index/term`.

export { cluster, type Lockstep } from './lockstep.ts'
export { candidate, follower, LoneServer, leader } from './lone-server.ts'
export {
  appendEntries,
  idsOf,
  installSnapshot,
  preVote,
  readIndex,
  requestVote,
  timeoutNow,
  votersOf,
} from './messages.ts'
