/**
 * A key/value state machine with revisions as etcd has them: ready to be given to `startNode`, or to be read as a larger
 * example of one.
 *
 * @module quorate/kv
 */
export { type Done, decodeAnswer, encodeAnswer, type KvAnswer, type RefusalCode, type Refused } from './answer.ts'
export { type DeleteRangeCommand, decodeCommand, encodeCommand, type KvCommand, type PutCommand } from './command.ts'
export { type Bounds, boundsOf, type KeyRange, type KeyValue, prefixEnd } from './key-value.ts'
export { KvStateMachine } from './kv-state-machine.ts'
export { type RangeQuery, type RangeResult, rangeQuery, type SortTarget } from './range.ts'
export { decodeSnapshot, encodeSnapshot, SnapshotFormatError } from './snapshot.ts'
export { RevisionError, type RevisionErrorCode, Store, type StoreView } from './store.ts'
