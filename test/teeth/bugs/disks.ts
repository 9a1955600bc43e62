/** Bugs of what lies on the disk: recovery, segments, snapshots. */
import type { Mutation } from './mutation.ts'

const RECOVERY = 'src/storage/recovery.ts'

export const DISKS: readonly Mutation[] = [
  {
    id: 'read-failure-without-a-place',
    title: 'a sector that cannot be read is told without its offset',
    file: 'src/storage/read-failures.ts',
    find: 'if (!isReadable) return at',
    replace: 'if (!isReadable) return offset',
    source: 'npm run sweep: an operator who gets EIO wants to know where',
  },
  {
    id: 'refused-and-changed',
    title: 'the end of the log is put in order before it is known whether the server may start',
    file: 'src/storage/recovery.ts',
    find: '    accept(replay.groups)\n    return await recovery.settle()',
    replace: '    const recovered = await recovery.settle()\n    accept(replay.groups)\n    return recovered',
    source: 'npm run sweep: the message says that all was left as it is',
  },
  {
    id: 'joiner-hangs-up',
    title: 'a server that joins forgets after a second whom to ask',
    file: 'src/runtime/driver/dialler.ts',
    find: 'if (Object.keys(addresses).length === 0 && Object.keys(this.dialled).length === 0) return',
    replace: '',
    source: 'npm run sweep: the first member on the list was the one that is gone',
  },
  {
    id: 'snapshot-not-synced',
    title: 'a snapshot is put into its place, and the log cut behind it, before its bytes are durable',
    file: 'src/storage/snapshot-file.ts',
    find: 'this.file.write(this.end, [encodeFooter(this.sizeBytes, this.checksum)])\n    await this.file.sync()',
    replace: 'this.file.write(this.end, [encodeFooter(this.sizeBytes, this.checksum)])',
    source: 'ALICE (OSDI 2014) found rename before sync in half of the applications it looked at',
  },
  {
    id: 'damage-taken-for-tear',
    title: 'a log that is damaged in its middle is cut off there, as if a write had been interrupted',
    file: RECOVERY,
    find: 'if (later !== null) {',
    replace: 'if (later !== null && later.number < 0) {',
    source: 'NATS 2.12, Jepsen 2025; NuRaft#185: what was acknowledged is gone without a word',
    also: [
      {
        file: RECOVERY,
        find: "if (flaw.type === 'damaged') throw new DamageError(path, flaw.offset, flaw.reason)",
        replace: '',
      },
      {
        file: RECOVERY,
        find: "if (first.type === 'batch') throw new DamageError(this.path(this.segments[used] as Segment), offset, reason)",
        replace: "if (first.type === 'batch') this.torn ??= { file: '', offset, reason }",
      },
    ],
  },
  {
    id: 'tear-taken-for-damage',
    title: 'a write that a crash has interrupted keeps the server from starting',
    file: RECOVERY,
    find: "if (flaw.type === 'damaged') throw",
    replace: "if (flaw.type !== 'empty') throw",
    source: 'etcd#5230: a torn end of the log bricked whole clusters',
  },
  {
    id: 'sync-retried',
    title: 'a sync that fails is tried again, and believed when it succeeds',
    file: 'src/storage/write-ahead-log.ts',
    find: "      throw poisoned('sync the log', error)\n",
    replace: '      await this.requireRow().active.file.sync()\n      if (error === null) throw error\n',
    source: 'fsyncgate, 2018; Rebello et al., ATC 2020; cockroach#37102, rostam#94',
  },
  {
    id: 'sync-failure-ignored',
    title: 'a sync that fails is taken for one that succeeded',
    file: 'src/storage/write-ahead-log.ts',
    find: "      throw poisoned('sync the log', error)\n",
    replace: '      if (error === null) throw error\n',
    source: 'sofa-jraft#1243 ignored what the disk answered',
  },
  {
    id: 'rename-not-synced',
    title: 'a new segment’s name is not durable when entries go into it',
    file: 'src/storage/segment.ts',
    find: '    await fileSystem.rename(temporary, name)\n    await fileSystem.syncFolder()\n',
    replace: '    await fileSystem.rename(temporary, name)\n',
    source: 'etcd#6368: the folder is not synced after the rename',
  },
  {
    id: 'snapshot-name-not-synced',
    title: 'a snapshot’s name is not durable when the log is cut behind it',
    file: 'src/storage/disk-snapshots.ts',
    find: 'await this.fileSystem.rename(temporary, snapshotName(snapshot.meta))\n    await this.fileSystem.syncFolder()',
    replace: 'await this.fileSystem.rename(temporary, snapshotName(snapshot.meta))',
    source: 'etcd#6368 for the other file; ROCm/spur#368',
  },
  {
    id: 'checksum-not-checked',
    title: 'what is read from the log is not held against its checksums',
    file: 'src/storage/batch.ts',
    find: 'if (checksum !== header.bodyChecksum) {',
    replace: 'if (checksum < 0) {',
    source: 'CORDS (FAST 2017): eight systems of eight handed out what the disk had made of their data',
    also: [
      {
        file: 'src/raft/entry.ts',
        find: 'if (expected !== actual) return',
        replace: 'if (expected < 0) return',
      },
      {
        file: 'src/storage/batch.ts',
        find: 'if (checksum !== crc32c(source, at + 4, at + BATCH_HEADER_BYTES)) return null',
        replace: 'if (checksum < 0) return null',
      },
    ],
  },
  {
    id: 'snapshot-checksum-not-checked',
    title: 'a snapshot is restored and handed on whatever its checksums say',
    file: 'src/storage/snapshot-format.ts',
    find: 'if (readUint32(chunk, 0) !== crc32c(chunk, 4, chunk.length, number)) return',
    replace: 'if (readUint32(chunk, 0) < 0) return',
    source: 'NATS 2.12, Jepsen 2025: one bit in a snapshot, and the cluster follows it',
    also: [
      {
        file: 'src/storage/snapshot-file.ts',
        find: 'if (checksum !== footer.checksum) return',
        replace: 'if (checksum < 0) return',
      },
    ],
  },
  {
    id: 'failed-write-left-behind',
    title: 'what a write without room has left stays in the file, behind the log’s end',
    file: 'src/storage/write-ahead-log.ts',
    find: 'if (this.unclean !== null) await this.cleanEnd(this.unclean)',
    replace: '',
    source: 'dqlite#283, #309: segments written in part on a full disk keep the server from starting',
  },
  {
    id: 'emptied-disk-let-in',
    title: 'an emptied disk comes back under its old name, and votes',
    file: 'src/runtime/members/formation.ts',
    find: 'if (known !== undefined && known !== incarnation) {',
    replace: "if (known !== undefined && known === '') {",
    source:
      'Vanlightly on the incarnation of servers; openraft’s FAQ: votes and entries that were promised are forgotten',
  },
]
