// What others report for the lab's tests: the lab's own text, and the best public figures that we know of. Seconds on
// the wall clock, then RPCs, bytes and commits where the source gives them.

/** Where the letters in the last column come from. */
export const SOURCES = {
  A: 'mwfj/6.5840-Distributed-Systems, src/raft/README.md (tester of 2023/24, run with the race detector)',
  B: 'cyanial/raft, README (tester of 2022)',
  C: "cold-bin's 6.5840 (tester of 2023, with the race detector)",
  D: 'a public copy (tester of 2023, M2 MacBook)',
  E: 'a public copy (tester of 2023)',
  F: 'a public copy (tester of 2021)',
  G: 'paras-bhavnani/distributed-kv-store-raft (tester of 2024)',
  H: "jingxuanbao's run (tester of 2023)",
  J: 'a public copy (tester of 2021, with the race detector)',
}

/** [test, [seconds, RPCs, bytes, commits] of the lab's text or null, the best public figures] */
const ROWS = [
  ['TestInitialElection2A', [3.5, 58, 16840, 0], '3.0 (116/34628) A; 3.1 (60/16328) E; 3.0 (46/5676) H'],
  ['TestReElection2A', [5.4, 118, 25269, 0], '4.4 (120/24380) C; 4.5 (102/8916) H'],
  ['TestManyElections2A', [7.3, 624, 138014, 0], '5.5 (612/122330) C'],
  ['TestBasicAgree2B', [0.9, 16, 4572, 3], '0.3 (16/4694/3) A'],
  ['TestRPCBytes2B', [1.7, 48, 114536, 11], '0.7 (48/115042/11) A; 113708 bytes D'],
  ['TestFollowerFailure2B', null, '4.3 (218/49730/3) A'],
  ['TestLeaderFailure2B', null, '4.4 (341/81580/3) A'],
  ['TestFailAgree2B', [3.6, 78, 22131, 7], '3.3 (142/39636/7) A'],
  ['TestFailNoAgree2B', [3.8, 172, 40935, 3], '3.2 (374/82001/3) A; 3.3 (260/47962/3) E'],
  ['TestConcurrentStarts2B', [1.1, 24, 7379, 6], '0.6 (12/3480/6) B'],
  ['TestRejoin2B', [5.1, 152, 37021, 4], '3.6 (254/65623/4) A; 3.7 (142/31757) E'],
  ['TestBackup2B', [17.2, 2080, 1587388, 102], '9.7 (1796/1625437/102) A; 21.5 (1388/1126823) F'],
  ['TestCount2B', [2.2, 60, 20119, 12], '2.1 (40/11626/12) C'],
  ['TestPersist12C', [5.0, 86, 22849, 6], '2.7 (118/30962/6) A; 2.9 (84/20635/6) E'],
  ['TestPersist22C', [17.6, 952, 218854, 16], '13.4 (1535/331342/16) A'],
  ['TestPersist32C', [2.0, 34, 8937, 4], '1.2 (50/12786/4) A; 1.5 (40/9548/4) E'],
  ['TestFigure82C', [31.2, 580, 130675, 32], '27.9 to 29.3, by luck'],
  [
    'TestUnreliableAgree2C',
    [1.7, 1044, 366392, 246],
    '1.3 (1000/318091/246) E; 1.6 (432/147118/246) A; 2.1 (228/78585) D',
  ],
  ['TestFigure8Unreliable2C', [33.6, 10700, 33695245, 308], '35.3 (3140/5542176) C; 31.8 (2029/5839715) F'],
  ['TestReliableChurn2C', [16.1, 8864, 44771259, 1544], '3697 commits (14292/39336778) D; 3067 (5143/5749212) F'],
  ['TestUnreliableChurn2C', [16.5, 4220, 6414632, 906], '965 commits (3200/3375366) A; 954 (4444) G; 948 (4304) E'],
  ['TestSnapshotBasic2D', [11.6, 176, 61716, 192], '2.2 (196/68241/234) A; 3.9 (148/56846/251) J'],
  ['TestSnapshotInstall2D', [64.2, 878, 320610, 336], '37.8 (1640/479895/377) J; 39.4 A'],
  ['TestSnapshotInstallUnreliable2D', [81.1, 1059, 375850, 341], '44.5 (1926/694404/318) C; 46.4 G'],
  ['TestSnapshotInstallCrash2D', [53.5, 601, 256638, 339], '24.5 (1087/453262/345) A'],
  ['TestSnapshotInstallUnCrash2D', [63.5, 687, 288294, 336], '27.8 (1214/521203/337) A'],
  ['TestSnapshotAllCrash2D', [19.5, 268, 81352, 58], '4.2 (290/80780/59) A'],
  ['TestSnapshotInit2D', null, '1.5 (80/21226/14) A'],
]

/** By test. */
export const FIGURES = new Map(
  ROWS.map(([test, lab, best]) => {
    const [seconds, rpcs, bytes, commits] = lab ?? []
    return [test, { lab: lab === null ? null : { seconds, rpcs, bytes, commits }, best }]
  }),
)
