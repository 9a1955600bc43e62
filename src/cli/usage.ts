// What the command line says of itself, and how it says that it was called wrongly: one line, exit status 2.

/** The user called us wrongly. The message is the one line that is printed. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
  readonly code = 'ERR_QUORATE_CLI_USAGE'
}

export const MAIN_HELP: string = `Quorate: Raft for TypeScript

  quorate lab [options]        run the Raft lab's tests
  quorate log FILE [options]   read the log that a failed run left behind
  quorate sim [options]        whole servers under every kind of fault, from a seed
  quorate check HISTORY        is what clients have seen linearizable?
  quorate explore [options]    look at every state that the core can reach within bounds
  quorate recover [options]    make a new cluster of one survivor, when the majority is lost for good

With the package @quorate/server:

  quorate serve | cluster | put | get | del | status

quorate lab --help says more, as do the others; quorate --version says which this is.`

export const LAB_HELP: string = `quorate lab: the Raft lab's tests, on a virtual clock, each run repeatable from its seed

  --run PATTERN     a part (2A, 2B, 2C, 2D; 3A… and 4A… are the same in other courses), a test's name,
                    or a regular expression on names and titles
  --raft FILE       test another Raft: a module that exports 'make'
  --seed N          the seed of the first run; without it, a random one
  --runs N          run every test with N seeds, from the first one up, and print a table
  --clock wall      on the system's clock rather than the virtual one
  --jobs N          run N tests at a time, each in a process of its own
  --race            look for races; events of one instant run in random order
  --log [TOPICS]    show every step, one column a server; topics such as VOTE,LEAD
  --trace FILE      write a page (FILE.html) that shows the run, one test only: servers, messages, logs, any moment
  --color           colours also when the output is no terminal
  --json            one object a line for each run, and a summary

The log of a failed run is kept in .quorate/lab/. Exit status: 0 all passed, 1 not all, 2 called wrongly.`

export const EXPLORE_HELP: string = `quorate explore: every state that the core can reach within bounds, one after the other

  --preset NAME     elections, replication, crashes, membership or snapshots; what follows changes it
  --servers N       voters, 2 to 5 (3)            --spares N        servers that can be added (0)
  --terms N         the highest term (3)          --log N           the highest index (2)
  --messages N      messages in flight (4)        --per-pair N      from one server to another (12)
  --proposals N     commands (2)                  --values N        different ones (1)
  --heartbeats N    rounds of them (1)            --duplicates N    messages that arrive twice (0)
  --crashes N       with restarts (1)             --losses N        messages lost (0)
  --snapshots N     taken (0)                     --changes N       of the configuration (0)
  --transfers N     of leadership (0)             --step-downs N    of leaders without a quorum (0)
  --unsynced        writes are durable in a step of their own, and lost in a crash before; --synced: at once
  --pre-vote        ask before each election; --no-pre-vote
  --noop            an empty entry at the start of each term; --no-noop

  --max-states N    end after so many             --time MINUTES    end after so long
  --memory GB       for the table of states (4)   --folder FOLDER   where states wait, on a disk
  --no-symmetry, --no-vanish, --no-sleep
                    without a reduction, to see what it saves
  --no-spec         steps of the core are not held against the second specification
  --json            one object at the end

A state out of the bounds is not entered. A violation is printed as a script for the core's tests.
Exit status: 0 all was seen and nothing is broken, 1 a violation, 2 called wrongly, 3 a limit came first.`

export const LOG_HELP: string = `quorate log FILE: what happened in a run, line by line

  --only TOPICS     only these topics, such as VOTE,LEAD
  --except TOPICS   all but these
  --server LIST     only what happens on these servers, such as 0,2
  --from MS         from this time on, in milliseconds since the start
  --to MS           up to this time
  --grep PATTERN    only lines that this regular expression matches
  --columns         one column a server
  --color           colours also when the output is no terminal

Topics: VOTE elections, LEAD who leads, LOG1 entries sent, LOG2 answers, CMIT applied, PERS saved, SNAP snapshots,
DROP lost calls, TRCE calls received and other calls, TEST the tester, WARN the encoder's warnings, ERRO why it failed;
and whatever else the Raft under test logs.`

export const CHECK_HELP: string = `quorate check HISTORY: is what clients have seen linearizable?

  --model NAME      register, key-value, or a file: a module that exports 'init' and 'step';
                    without it, key-value when the first operation has a key, else register
  --time-limit SEC  after so many seconds the answer is "unknown"; 60 by default
  --out FILE.html   the picture of where it breaks; without it, in .quorate/check/
  --json            one object with everything

HISTORY is a file with one JSON object a line, or - for the standard input:
{"process":0,"type":"invoke","f":"write","value":1}, and later "ok", "fail" or "info" (nobody knows).
Exit status: 0 linearizable, 1 not, 3 unknown, 2 called wrongly, or no history.`

export const SIM_HELP: string = `quorate sim: whole servers on simulated disks, clocks and networks, each run repeatable from its seed

  --seed N          the first seed; alone, that one run
  --seeds N         so many runs, on all cores; 100 when nothing else is said
  --minutes N       runs for so long
  --jobs N          so many threads; as many as there are processors when absent
  --plan FILE       the run that this file describes, as a failed run leaves it behind
  --show-plan       say what will happen in that run, and do not run it
  --trace FILE      write a picture of the run, one HTML file
  --workload FILE   test your own state machine: a module that exports 'workload'
  --no-shrink       do not make a plan that fails smaller
  --no-guide        only what the seeds draw, no changed plans
  --json            one object

Plans of failed runs are kept in .quorate/sim/. Exit status: 0 nothing bad happened, 1 something did, 2 called wrongly.`

export const RECOVER_HELP: string = `quorate recover: a new cluster from one survivor, when the majority of the old one is lost for good

  --directory FOLDER  the survivor's own folder; no server may run on it
  --id NAME           the survivor's id, which it keeps
  --cluster NAME      the name of the new cluster: none that these servers ever had
  --address HOST:PORT where the survivor listens, if not where it did
  --yes-i-understand-that-data-may-be-lost
                      do it; without this it only says what is there and what would be lost

Interrupted, it is finished by running it again with the same names.
Exit status: 0 done, 1 nothing was changed, 2 called wrongly.`
