// Your Raft. This skeleton has the lab's interface and none of Raft: it never elects a leader. Fill it in step by step
// and run, after each step,
//
//   npx quorate lab --raft ./my-raft.js --run 2A
//
// The steps 1 to 13 below are the lab's own list; docs/guide/lab.md goes through them. "Paper" is the extended Raft
// paper, and its Figure 2 is worth a print-out.
//
// Four rules make a run repeatable from its seed:
//   - wait with env.sleep or env.clock only, never with setTimeout;
//   - draw numbers from env.random only, never from Math.random;
//   - reach other servers through `peers` only;
//   - after every `await`, look again at everything: your term, your role, and whether you were killed.

/**
 * @typedef {import('quorate/lab').Make} Make
 * @typedef {import('quorate/lab').LabRaft} LabRaft
 */

// You will need these two in part 2B and part 2D: import { commandMsg, snapshotMsg } from 'quorate/lab'

/** @type {Make} */
export const make = (peers, me, persister, applyCh, env) => new MyRaft(peers, me, persister, applyCh, env)

/** @implements {LabRaft} */
class MyRaft {
  /**
   * What other servers may call. Each handler gets a copy of the arguments and returns the reply.
   *
   * @type {import('quorate/lab').Handlers}
   */
  handlers = {
    'Raft.RequestVote': (args) => this.requestVote(args),
    'Raft.AppendEntries': (args) => this.appendEntries(args),
    // Step 12 (2D): 'Raft.InstallSnapshot'.
  }

  // Persistent state (Paper, Figure 2).
  currentTerm = 0
  votedFor = null
  /** Index 0 is before the first entry, so that log[index] is the entry at that index. */
  log = [{ term: 0, command: null }]

  // Volatile state.
  role = 'follower'
  commitIndex = 0
  lastApplied = 0
  // Step 1 (2A): when did you last hear from a leader?
  // Step 6 (2B): nextIndex and matchIndex, for leaders.

  dead = false

  constructor(peers, me, persister, applyCh, env) {
    this.peers = peers
    this.me = me
    this.persister = persister
    this.applyCh = applyCh
    this.env = env
    // Step 9 (2C): restore what persister.readRaftState() holds; env.labgob.decode reads what env.labgob.encode wrote.
    env.go(() => this.electionLoop())
    // Step 8 (2B): env.go(() => this.applyLoop())
  }

  // ── Part 2A: leader election (Paper §5.2) ────────────────────────────────────────────────────────────────────────

  /** Step 1: stands for election when nothing was heard from a leader for a random time of some 200 to 400 ms. */
  async electionLoop() {
    while (!this.dead) {
      await this.env.sleep(10)
      // Step 2: a new term, a vote for yourself, and then for each peer at once, without waiting for one another:
      //
      //   this.env.go(async () => {
      //     const reply = await this.peers[i].call('Raft.RequestVote', args)   // null when the call failed
      //     if (reply === null || this.dead || this.currentTerm !== args.term) return
      //     …
      //   })
      //
      // A majority makes a leader. A reply with a higher term makes a follower.
    }
  }

  /** Step 3: grants the vote once a term, and (2B) only to a log at least as up-to-date (Paper §5.4.1). */
  requestVote(_args) {
    return { term: this.currentTerm, voteGranted: false }
  }

  /**
   * Step 4: accepts the leader of the current term and puts the election off. A leader sends these as heartbeats, at
   * once when elected, and then at most ten a second.
   */
  appendEntries(_args) {
    // Step 7 (2B): the consistency check on prevLogIndex and prevLogTerm; append; commitIndex (Paper §5.3). A refusal
    // should say where to try next, or TestBackup2B takes too long.
    return { term: this.currentTerm, success: false }
  }

  getState() {
    return { term: this.currentTerm, isLeader: this.role === 'leader' }
  }

  // ── Part 2B: the log (Paper §5.3 and §5.4) ───────────────────────────────────────────────────────────────────────

  /** Step 5: a leader appends the command and answers at once; whether it commits shows on applyCh. */
  start(_command) {
    return { index: -1, term: this.currentTerm, isLeader: false }
  }

  // Step 6: replicate. What a majority holds, and is of the current term, is committed (Paper, Figure 8).
  // Step 8: an applyLoop that does await applyCh.send(commandMsg(index, command)) for every committed entry, in order.

  // ── Part 2C: persistence ─────────────────────────────────────────────────────────────────────────────────────────

  // Step 9: a method persist() that saves currentTerm, votedFor and log: persister.save(env.labgob.encode(…), snapshot).
  // Step 10: call it whenever one of the three has changed, before any reply or call that tells of it.

  // ── Part 2D: compaction (Paper §7) ───────────────────────────────────────────────────────────────────────────────

  /** Step 11: the service has everything up to `index` in `snapshot`. Cut the log there, and save both. */
  snapshot(_index, _snapshot) {}

  // Step 12: InstallSnapshot for a follower that needs what was cut; the whole snapshot in one call. What arrives goes
  // to the service as snapshotMsg(index, term, snapshot), never backwards.
  // Step 13: after a restart, commitIndex and lastApplied begin at the snapshot.

  condInstallSnapshot() {
    return true
  }

  // ── The end ──────────────────────────────────────────────────────────────────────────────────────────────────────

  kill() {
    this.dead = true
  }

  killed() {
    return this.dead
  }
}
